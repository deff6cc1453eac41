#include "core/prefix_code.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace namedex::core {

namespace {

// What a rank costs in the stored table.
constexpr std::uint64_t kRankBits = 32;
constexpr std::uint64_t kUnreached = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kFreeSlot = ~std::uint64_t{0};

unsigned SelectorBitsFor(unsigned buckets) {
    return BitsFor(std::max(buckets, 1u));
}

// The search for the best buckets, one bucket more in each step. A state is the number of ranks p
// that the buckets so far hold; its cost is the number of offset bits of all occurrences of these
// ranks.
class BucketSearch {
  public:
    BucketSearch(const std::uint64_t* frequency, std::size_t ranked, std::uint64_t unranked,
                 std::uint32_t symbol_count, std::pmr::memory_resource* memory)
        : ranked_(ranked),
          escape_width_(BitsFor(symbol_count)),
          sum_(ranked + 1, 0, memory),
          cost_(ranked + 1, kUnreached, memory),
          next_(memory),
          chosen_(memory) {
        for (std::size_t p = 0; p < ranked; ++p) {
            sum_[p + 1] = sum_[p] + frequency[p];
        }
        total_ = sum_[ranked] + unranked;
        must_escape_ = unranked > 0;
        cost_[0] = 0;
        chosen_.reserve((ranked + 1) * (PrefixCode::kMaxBuckets + 1));
        chosen_.assign(ranked + 1, 0);
    }

    void Run() {
        Consider(0);
        for (unsigned buckets = 1; buckets <= PrefixCode::kMaxBuckets; ++buckets) {
            AddBucket();
            Consider(buckets);
        }
    }

    std::uint32_t rank_count() const { return static_cast<std::uint32_t>(best_ranks_); }
    bool escape() const { return best_escape_; }

    // Widths of the rank buckets, then of the escape bucket if there is one; returns how many.
    unsigned Widths(std::array<std::uint8_t, PrefixCode::kMaxBuckets>& widths) const {
        std::size_t end = best_ranks_;
        for (unsigned bucket = best_buckets_; bucket > 0; --bucket) {
            const std::uint8_t width = chosen_[bucket * (ranked_ + 1) + end];
            widths[bucket - 1] = width;
            // A bucket that reaches past the last rank began where the cheapest state before it
            // was.
            end = end == ranked_ ? last_begin_[bucket] : end - (std::size_t{1} << width);
        }
        if (best_escape_) {
            widths[best_buckets_] = static_cast<std::uint8_t>(escape_width_);
        }
        return best_buckets_ + (best_escape_ ? 1 : 0);
    }

  private:
    void AddBucket() {
        next_.assign(ranked_ + 1, kUnreached);
        const std::size_t row = chosen_.size();
        chosen_.resize(row + ranked_ + 1);
        ++buckets_;
        for (std::size_t p = 0; p < ranked_; ++p) {
            if (cost_[p] == kUnreached) {
                continue;
            }
            for (unsigned width = 0;; ++width) {
                const std::size_t end = std::min(p + (std::size_t{1} << width), ranked_);
                const std::uint64_t cost = cost_[p] + width * (sum_[end] - sum_[p]);
                if (cost < next_[end]) {
                    next_[end] = cost;
                    chosen_[row + end] = static_cast<std::uint8_t>(width);
                    if (end == ranked_) {
                        last_begin_[buckets_] = p;
                    }
                }
                if (end == ranked_) {
                    break;
                }
            }
        }
        cost_.swap(next_);
    }

    // Compares the codes made of the present states with the best one so far.
    void Consider(unsigned buckets) {
        if (buckets > 0 && !must_escape_ && cost_[ranked_] != kUnreached) {
            Offer(cost_[ranked_] + SelectorBitsFor(buckets) * total_ + kRankBits * ranked_, buckets,
                  ranked_, false);
        }
        if (buckets == PrefixCode::kMaxBuckets) {
            return;
        }
        const unsigned selector_bits = SelectorBitsFor(buckets + 1);
        for (std::size_t p = 0; p <= ranked_; ++p) {
            if (cost_[p] != kUnreached) {
                Offer(cost_[p] + selector_bits * total_ + escape_width_ * (total_ - sum_[p]) +
                          kRankBits * p,
                      buckets, p, true);
            }
        }
    }

    void Offer(std::uint64_t cost, unsigned buckets, std::size_t ranks, bool escape) {
        if (cost < best_cost_) {
            best_cost_ = cost;
            best_buckets_ = buckets;
            best_ranks_ = ranks;
            best_escape_ = escape;
        }
    }

    const std::size_t ranked_;
    const unsigned escape_width_;
    std::uint64_t total_ = 0;
    bool must_escape_ = false;
    unsigned buckets_ = 0;
    std::pmr::vector<std::uint64_t> sum_;   // occurrences of the first p ranks
    std::pmr::vector<std::uint64_t> cost_;  // cheapest way to p with the present number of buckets
    std::pmr::vector<std::uint64_t> next_;
    std::pmr::vector<std::uint8_t>
        chosen_;  // last bucket's width, a row for each number of buckets
    std::array<std::size_t, PrefixCode::kMaxBuckets + 1> last_begin_{};

    std::uint64_t best_cost_ = kUnreached;
    unsigned best_buckets_ = 0;
    std::size_t best_ranks_ = 0;
    bool best_escape_ = true;
};

}  // namespace

PrefixCode PrefixCode::Choose(const std::uint64_t* frequency, std::size_t ranked,
                              std::uint64_t unranked, std::uint32_t symbol_count,
                              std::pmr::memory_resource* memory) {
    BucketSearch search(frequency, ranked, unranked, symbol_count, memory);
    search.Run();
    PrefixCode code;
    code.bucket_count_ = search.Widths(code.width_);
    code.selector_bits_ = SelectorBitsFor(code.bucket_count_);
    code.escape_ = search.escape();
    code.rank_count_ = search.rank_count();
    code.Complete();
    return code;
}

std::uint64_t PrefixCode::Complete() {
    selector_mask_ = LowBits(selector_bits_);
    length_.fill(static_cast<std::uint8_t>(selector_bits_));
    mask_.fill(0);
    base_.fill(kAbsent);
    longest_ = selector_bits_;
    std::uint64_t ranks = 0;
    for (unsigned i = 0; i < bucket_count_; ++i) {
        const bool escape = escape_ && i + 1 == bucket_count_;
        length_[i] = static_cast<std::uint8_t>(selector_bits_ + width_[i]);
        mask_[i] = static_cast<std::uint32_t>(LowBits(width_[i]));
        base_[i] = escape ? kEscaped : ranks;
        longest_ = std::max<unsigned>(longest_, length_[i]);
        if (!escape) {
            ranks += std::uint64_t{1} << width_[i];
        }
    }
    return ranks;
}

PrefixCode PrefixCode::Parse(ByteReader& reader, std::uint32_t symbol_count) {
    PrefixCode code;
    code.selector_bits_ = reader.U8();
    code.bucket_count_ = reader.U8();
    const std::uint8_t escape = reader.U8();
    const std::uint8_t zero = reader.U8();
    code.rank_count_ = reader.U32();
    for (std::uint8_t& width : code.width_) {
        width = reader.U8();
    }
    if (code.selector_bits_ > kMaxSelectorBits || code.bucket_count_ == 0 ||
        code.bucket_count_ > (1u << code.selector_bits_) || escape > 1 || zero != 0 ||
        code.rank_count_ > kMaxRanks) {
        ThrowCorrupt("a code table is damaged");
    }
    code.escape_ = escape == 1;
    for (unsigned i = 0; i < kMaxBuckets; ++i) {
        const bool is_escape = code.escape_ && i + 1 == code.bucket_count_;
        const bool good = i >= code.bucket_count_ ? code.width_[i] == 0
                          : is_escape             ? code.width_[i] == BitsFor(symbol_count)
                                                  : code.width_[i] <= BitsFor(kMaxRanks);
        if (!good) {
            ThrowCorrupt("a code table is damaged");
        }
    }
    if (code.Complete() < code.rank_count_) {
        ThrowCorrupt("a code table is damaged");
    }
    return code;
}

void PrefixCode::AppendTo(std::pmr::vector<std::uint8_t>& out) const {
    out.push_back(static_cast<std::uint8_t>(selector_bits_));
    out.push_back(static_cast<std::uint8_t>(bucket_count_));
    out.push_back(escape_ ? 1 : 0);
    out.push_back(0);
    PutLe<std::uint32_t>(out, rank_count_);
    out.insert(out.end(), width_.begin(), width_.end());
}

BitCode PrefixCode::EncodeRank(std::uint32_t rank) const {
    for (unsigned i = 0; i < bucket_count_; ++i) {
        if (base_[i] <= rank && rank - base_[i] <= mask_[i]) {
            return BitCode{i, selector_bits_}.Then(rank - base_[i], width_[i]);
        }
    }
    ThrowInternal("a rank has no code");
}

BitCode PrefixCode::EncodeEscape(std::uint32_t symbol) const {
    if (!escape_) {
        ThrowInternal("a symbol has no code");
    }
    const unsigned last = bucket_count_ - 1;
    return BitCode{last, selector_bits_}.Then(symbol, width_[last]);
}

SymbolEncoder::SymbolEncoder(std::pmr::memory_resource* memory)
    : memory_(memory), candidates_(memory), ranked_(memory), direct_(memory), slots_(memory) {}

void SymbolEncoder::Observe(std::uint32_t symbol, std::uint64_t occurrences) {
    if (occurrences == 0) {
        return;
    }
    if (candidates_.size() == 2 * std::size_t{PrefixCode::kMaxRanks}) {
        KeepMostFrequent();
    }
    candidates_.push_back({occurrences, symbol});
    highest_symbol_ = std::max(highest_symbol_, symbol);
}

// Cuts the candidates down to the kMaxRanks most frequent; among equals the lower symbol stays.
void SymbolEncoder::KeepMostFrequent() {
    if (candidates_.size() <= PrefixCode::kMaxRanks) {
        return;
    }
    const auto cut = candidates_.begin() + PrefixCode::kMaxRanks;
    std::nth_element(candidates_.begin(), cut, candidates_.end(),
                     [](const Candidate& a, const Candidate& b) {
                         return a.occurrences != b.occurrences ? a.occurrences > b.occurrences
                                                               : a.symbol < b.symbol;
                     });
    for (auto dropped = cut; dropped != candidates_.end(); ++dropped) {
        dropped_occurrences_ += dropped->occurrences;
    }
    candidates_.erase(cut, candidates_.end());
}

void SymbolEncoder::Build(std::uint32_t symbol_count) {
    if (!candidates_.empty() && highest_symbol_ >= symbol_count) {
        ThrowInternal("a symbol of a code is out of range");
    }
    symbol_count_ = symbol_count;
    KeepMostFrequent();
    std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
        return a.occurrences != b.occurrences ? a.occurrences > b.occurrences : a.symbol < b.symbol;
    });
    {
        std::pmr::vector<std::uint64_t> frequency(memory_);
        frequency.reserve(candidates_.size());
        for (const Candidate& candidate : candidates_) {
            frequency.push_back(candidate.occurrences);
        }
        code_ = PrefixCode::Choose(frequency.data(), frequency.size(), dropped_occurrences_,
                                   symbol_count, memory_);
    }
    ranked_.reserve(code_.rank_count());
    for (std::uint32_t rank = 0; rank < code_.rank_count(); ++rank) {
        ranked_.push_back(candidates_[rank].symbol);
    }
    std::pmr::vector<Candidate>(memory_).swap(candidates_);
    IndexRanks();
}

void SymbolEncoder::IndexRanks() {
    static_assert(kLengthBits + PrefixCode::kMaxSelectorBits + BitsFor(PrefixCode::kMaxRanks) <=
                  32);
    if (symbol_count_ <= kMaxDirectSymbols) {
        direct_.assign(symbol_count_, kNoCode);
        for (std::uint32_t rank = 0; rank < code_.rank_count(); ++rank) {
            const BitCode code = code_.EncodeRank(rank);
            direct_[ranked_[rank]] =
                static_cast<std::uint32_t>(code.bits << kLengthBits | code.length);
        }
        return;
    }
    const unsigned bits = BitsFor(2 * std::uint64_t{code_.rank_count()}) + 1;
    slots_.assign(std::size_t{1} << bits, kFreeSlot);
    slot_shift_ = 64 - bits;
    for (std::uint32_t rank = 0; rank < code_.rank_count(); ++rank) {
        std::size_t slot = (ranked_[rank] * 0x9E3779B97F4A7C15u) >> slot_shift_;
        while (slots_[slot] != kFreeSlot) {
            slot = (slot + 1) & (slots_.size() - 1);
        }
        const BitCode code = code_.EncodeRank(rank);
        slots_[slot] = std::uint64_t{ranked_[rank]} << 32 | code.bits << kLengthBits | code.length;
    }
}

BitCode SymbolEncoder::Encode(std::uint32_t symbol) const {
    if (symbol >= symbol_count_) {
        ThrowInternal("a symbol of a code is out of range");
    }
    if (!direct_.empty()) {
        const std::uint32_t code = direct_[symbol];
        return code != kNoCode ? Unpack(code) : code_.EncodeEscape(symbol);
    }
    std::size_t slot = (symbol * 0x9E3779B97F4A7C15u) >> slot_shift_;
    while (slots_[slot] != kFreeSlot) {
        if (slots_[slot] >> 32 == symbol) {
            return Unpack(static_cast<std::uint32_t>(slots_[slot]));
        }
        slot = (slot + 1) & (slots_.size() - 1);
    }
    return code_.EncodeEscape(symbol);
}

SymbolDecoder::SymbolDecoder(const PrefixCode& code, std::pmr::vector<std::uint32_t> ranked,
                             std::uint32_t symbol_count)
    : code_(code), ranked_(std::move(ranked)), symbol_count_(symbol_count) {
    for (const std::uint32_t symbol : ranked_) {
        if (symbol >= symbol_count_) {
            ThrowCorrupt("a rank table names a symbol that does not exist");
        }
    }
}

}  // namespace namedex::core
