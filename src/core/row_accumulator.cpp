#include "core/row_accumulator.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/hash_bytes.hpp"
#include "core/poll.hpp"

namespace namedex::core {

namespace {

// How far ahead memory is fetched where it is walked through in no order.
constexpr std::size_t kFetchAhead = 24;

constexpr std::size_t kChunk = 8;

// Bytes [at, at + 8) of a text, zeros after its end, in host order.
std::uint64_t ChunkAt(std::string_view text, std::size_t at) {
    std::uint64_t chunk = 0;
    if (at < text.size()) {
        std::memcpy(&chunk, text.data() + at, std::min(text.size() - at, kChunk));
    }
    return chunk;
}

// The same as a number that compares as the text does.
std::uint64_t OrderedChunkAt(std::string_view text, std::size_t at) {
    const std::uint64_t chunk = ChunkAt(text, at);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return __builtin_bswap64(chunk);
#else
    return chunk;
#endif
}

}  // namespace

// Sorts occurrences by (folded, original, class).
//
// A key holds the next 8 bytes of the folded form, so that most comparisons are of numbers that lie
// side by side. Keys that stay equal are given the 8 bytes that follow, group by group, after
// whatever all words of the group share has been skipped: a text is visited once for each chunk it
// takes to tell it apart, and not once a comparison. Words contain no NUL, so a chunk that ends in
// one is a word's end.
struct ColumnAccumulator::SortKey {
    std::uint64_t chunk;
    std::uint32_t id;
};

class ColumnAccumulator::Sorter {
  public:
    explicit Sorter(const ColumnAccumulator& column) : column_(column), poller_(column.poll_) {}

    std::vector<std::uint32_t> Run() {
        const std::size_t size = column_.occurrences_.size();
        const std::unique_ptr<SortKey[]> keys(new SortKey[size]);
        for (std::uint32_t id = 0; id < size; ++id) {
            poller_.Step();
            keys[id].id = id;
        }
        Sort(keys.get(), keys.get() + size, 0);
        std::vector<std::uint32_t> order;
        order.reserve(size);
        for (std::size_t i = 0; i < size; ++i) {
            poller_.Step();
            order.push_back(keys[i].id);
        }
        return order;
    }

  private:
    // So few are compared as texts.
    static constexpr std::ptrdiff_t kFew = 6;

    std::string_view Folded(const SortKey& key) const {
        return column_.Folded(column_.occurrences_[key.id]);
    }

    // The words of [begin, end) are equal in their first `depth` folded bytes.
    void Sort(SortKey* begin, SortKey* end, std::size_t depth) {
        if (end - begin <= kFew) {
            SortTexts(begin, end, depth);
            return;
        }
        depth += Shared(begin, end, depth);
        for (SortKey* key = begin; key < end; ++key) {
            poller_.Step();
            key->chunk = OrderedChunkAt(Folded(*key), depth);
        }
        std::sort(begin, end, [this](const SortKey& a, const SortKey& b) {
            poller_.Step();
            return a.chunk < b.chunk;
        });
        while (begin < end) {
            poller_.Step();
            SortKey* same = begin + 1;
            while (same < end && same->chunk == begin->chunk) {
                ++same;
            }
            if (same - begin > 1) {
                if ((begin->chunk & 0xFF) != 0) {
                    Sort(begin, same, depth + kChunk);
                } else {
                    SortTexts(begin, same, depth);
                }
            }
            begin = same;
        }
    }

    // How many bytes after `depth` all folded forms share.
    std::size_t Shared(const SortKey* begin, const SortKey* end, std::size_t depth) {
        const std::string_view first = Folded(*begin).substr(depth);
        std::size_t shared = first.size();
        for (const SortKey* key = begin + 1; key < end && shared > 0; ++key) {
            poller_.Step();
            const std::string_view text = Folded(*key).substr(depth);
            shared = std::min(shared, text.size());
            shared = static_cast<std::size_t>(
                std::mismatch(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(shared),
                              text.begin())
                    .first -
                first.begin());
        }
        return shared;
    }

    void SortTexts(SortKey* begin, SortKey* end, std::size_t depth) {
        std::sort(begin, end, [this, depth](const SortKey& a, const SortKey& b) {
            poller_.Step();
            const Occurrence& left = column_.occurrences_[a.id];
            const Occurrence& right = column_.occurrences_[b.id];
            if (const int order = column_.Folded(left).substr(depth).compare(
                    column_.Folded(right).substr(depth));
                order != 0) {
                return order < 0;
            }
            if (const int order = column_.Original(left).compare(column_.Original(right));
                order != 0) {
                return order < 0;
            }
            return left.word_class < right.word_class;
        });
    }

    const ColumnAccumulator& column_;
    Poller poller_;
};

ColumnAccumulator::ColumnAccumulator(void (*poll)())
    : poll_(poll), slots_(1024), shape_slots_(64) {}

const char* ColumnAccumulator::TextOf(const Occurrence& o) const {
    if (o.stored_bytes() <= Occurrence::kInline) {
        return o.bytes;
    }
    std::uint64_t offset;
    std::memcpy(&offset, o.bytes, sizeof offset);
    return text_[offset / kTextBlock].get() + offset % kTextBlock;
}

std::string_view ColumnAccumulator::Original(const Occurrence& o) const {
    return {TextOf(o), o.original_size};
}

std::string_view ColumnAccumulator::Folded(const Occurrence& o) const {
    return {TextOf(o) + (o.same ? 0 : o.original_size), o.folded_size};
}

void ColumnAccumulator::GrowWords() {
    Slots grown(slots_.size() * 2);
    Poller poller(poll_);
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        poller.Step();
        const Slot& slot = slots_[i];
        if (slot.id_plus_1 != 0) {
            std::size_t at = slot.tag >> 3 & grown.mask();
            while (grown[at].id_plus_1 != 0) {
                at = (at + 1) & grown.mask();
            }
            grown[at] = slot;
        }
    }
    slots_ = std::move(grown);
}

void ColumnAccumulator::Defer(const SplitWord& word) {
    static_assert(kWordClasses <= 4, "a tag has two bits for the class");
    const std::uint32_t word_class = static_cast<std::uint32_t>(word.word_class);
    const std::uint32_t hash = HashBits(HashBytes(word.original, word_class + 1));
    Deferred deferred;
    deferred.prefix = ChunkAt(word.original, 0);
    deferred.tag = (hash & ~7u) | (word.original.size() > kChunk ? 4u : 0u) | word_class;
    __builtin_prefetch(&slots_[deferred.tag >> 3 & slots_.mask()]);
    deferred.original_size = static_cast<std::uint16_t>(word.original.size());
    deferred.folded_size = static_cast<std::uint16_t>(word.folded.size());
    deferred.word_class = word.word_class;
    deferred.same = word.folded == word.original;
    deferred.text = deferred_text_.size();
    deferred_text_.append(word.original);
    if (!deferred.same) {
        deferred_text_.append(word.folded);
    }
    deferred.code_at = codes_.size();
    codes_.push_back(0);
    deferred_.push_back(deferred);
    if (deferred_.size() == kMaxDeferred) {
        Settle();
    }
}

void ColumnAccumulator::Settle() {
    for (const Deferred& word : deferred_) {
        codes_[word.code_at] = OccurrenceId(word);
    }
    deferred_.clear();
    deferred_text_.clear();
}

std::uint32_t ColumnAccumulator::OccurrenceId(const Deferred& word) {
    std::size_t at = word.tag >> 3 & slots_.mask();
    for (; slots_[at].id_plus_1 != 0; at = (at + 1) & slots_.mask()) {
        const Slot& slot = slots_[at];
        if (slot.prefix != word.prefix || slot.tag != word.tag) {
            continue;
        }
        const std::uint32_t id = slot.id_plus_1 - 1;
        if (word.original_size <= kChunk ||
            Original(occurrences_[id]) ==
                std::string_view(deferred_text_).substr(word.text, word.original_size)) {
            return id;
        }
    }
    const std::uint32_t id = AddOccurrence(word);
    slots_[at] = {word.prefix, word.tag, id + 1};
    if (occurrences_.size() * 3 > slots_.size() * 2) {
        GrowWords();
    }
    return id;
}

std::uint32_t ColumnAccumulator::AddOccurrence(const Deferred& word) {
    Occurrence added;
    added.original_size = word.original_size;
    added.folded_size = word.folded_size;
    added.word_class = word.word_class;
    added.same = word.same;
    const char* from = deferred_text_.data() + word.text;
    const std::size_t bytes = added.stored_bytes();
    if (bytes <= Occurrence::kInline) {
        std::memcpy(added.bytes, from, bytes);
    } else {
        if (text_used_ + bytes > kTextBlock) {
            text_.emplace_back(new char[kTextBlock]);
            text_used_ = 0;
        }
        const std::uint64_t offset = (text_.size() - 1) * kTextBlock + text_used_;
        std::memcpy(text_.back().get() + text_used_, from, bytes);
        std::memcpy(added.bytes, &offset, sizeof offset);
        text_used_ += bytes;
    }
    occurrences_.push_back(added);
    return static_cast<std::uint32_t>(occurrences_.size() - 1);
}

std::uint32_t ColumnAccumulator::ShapeCode(std::string_view shape, std::uint32_t words) {
    if (last_shape_ < shapes_.size() && shapes_[last_shape_].text == shape) {
        return last_shape_;
    }
    const std::uint32_t hash = HashBits(HashBytes(shape, 0));
    std::size_t mask = shape_slots_.size() - 1;
    std::size_t at = hash & mask;
    for (; shape_slots_[at] != 0; at = (at + 1) & mask) {
        const std::uint32_t id = static_cast<std::uint32_t>(shape_slots_[at]) - 1;
        if (shape_slots_[at] >> 32 == hash && shapes_[id].text == shape) {
            return last_shape_ = id;
        }
    }
    const std::uint32_t id = static_cast<std::uint32_t>(shapes_.size());
    shapes_.push_back({std::string(shape), words, 0});
    shape_bytes_ += sizeof(Shape) + 2 * sizeof(std::uint64_t) + shape.size();
    shape_slots_[at] = std::uint64_t{hash} << 32 | (id + 1);
    if (shapes_.size() * 2 > shape_slots_.size()) {
        Poller poller(poll_);
        std::vector<std::uint64_t> grown;
        poller.Fill(grown, shape_slots_.size() * 2, 0);
        mask = grown.size() - 1;
        for (const std::uint64_t slot : shape_slots_) {
            poller.Step();
            if (slot != 0) {
                std::size_t to = (slot >> 32) & mask;
                while (grown[to] != 0) {
                    to = (to + 1) & mask;
                }
                grown[to] = slot;
            }
        }
        shape_slots_.swap(grown);
    }
    return last_shape_ = id;
}

void ColumnAccumulator::AddNull() {
    codes_.push_back(kNullRow);
    ++nulls_;
    ++rows_;
}

void ColumnAccumulator::AddOpaque(std::string_view original, std::string_view folded) {
    codes_.push_back(kOpaqueRow);
    opaque_.push_back({std::string(original), std::string(folded)});
    opaque_bytes_ += sizeof(Opaque) + original.size() + folded.size() + 32;
    ++rows_;
}

void ColumnAccumulator::AddRegular(const std::vector<SplitWord>& words, std::string_view shape) {
    const std::uint32_t shape_id = ShapeCode(shape, static_cast<std::uint32_t>(words.size()));
    ++shapes_[shape_id].rows;
    codes_.push_back(shape_id + kFirstShape);
    for (const SplitWord& word : words) {
        Defer(word);
    }
    word_codes_ += words.size();
    ++rows_;
}

std::size_t ColumnAccumulator::memory_bytes() const {
    return codes_.bytes() + occurrences_.bytes() + slots_.size() * sizeof(Slot) +
           text_.size() * kTextBlock + shape_bytes_ + opaque_bytes_;
}

std::size_t ColumnAccumulator::extra_bytes() const {
    // While sorting, keys and order; then order, place and number of postings, word id, and the
    // postings.
    const std::size_t number = sizeof(std::uint32_t);
    const std::size_t emit =
        std::max(occurrences_.size() * (sizeof(SortKey) + number),
                 occurrences_.size() * 4 * number + word_codes_ * sizeof(RowOrdinal));
    // The new table, beside the old one.
    const bool grows_soon = occurrences_.size() * 5 > slots_.size() * 3;
    return std::max(emit, grows_soon ? 2 * slots_.size() * sizeof(Slot) : 0);
}

// The ordinals of all occurrences, those of one in a row, in `order`, and in `counts` how many each
// has. Two passes over the codes: counting, and putting each ordinal in its place. A word counts
// once a row and class.
std::unique_ptr<RowOrdinal[]> ColumnAccumulator::Postings(const std::vector<std::uint32_t>& order,
                                                          std::vector<std::uint32_t>& counts,
                                                          std::vector<std::uint32_t>& last) const {
    Poller poller(poll_);
    const auto for_each = [&](auto&& take) {
        last.clear();
        poller.Fill(last, occurrences_.size(), UINT32_MAX);
        std::size_t at = 0;
        for (RowOrdinal row = 0; row < rows_; ++row) {
            poller.Step();
            const std::uint32_t code = codes_[at++];
            if (code < kFirstShape) {
                continue;
            }
            for (std::uint32_t n = shapes_[code - kFirstShape].words; n > 0; --n) {
                const std::uint32_t id = codes_[at++];
                if (last[id] != row) {
                    last[id] = row;
                    take(id, row);
                }
            }
        }
    };
    std::vector<std::uint32_t> place;  // first how many, then where the next one goes
    poller.Fill(place, occurrences_.size(), 0);
    for_each([&](std::uint32_t id, RowOrdinal) { ++place[id]; });
    counts.reserve(order.size());
    std::uint32_t start = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        poller.Step();
        __builtin_prefetch(&place[order[std::min(i + kFetchAhead, order.size() - 1)]], 1);
        counts.push_back(std::exchange(place[order[i]], start));
        start += counts[i];
    }
    std::unique_ptr<RowOrdinal[]> postings(new RowOrdinal[start]);
    for_each([&](std::uint32_t id, RowOrdinal row) { postings[place[id]++] = row; });
    return postings;
}

void ColumnAccumulator::Emit(SegmentWriter& writer) {
    Poller poller(poll_);
    Settle();
    writer.BeginColumn();
    const std::vector<std::uint32_t> order = Sorter(*this).Run();
    std::vector<std::uint32_t> counts;
    std::vector<std::uint32_t> last;
    std::unique_ptr<RowOrdinal[]> postings = Postings(order, counts, last);

    // The words, each with its classes; `last` now becomes the occurrences' word ids.
    std::vector<std::uint32_t>& word_of = last;
    const RowOrdinal* rows = postings.get();
    for (std::size_t i = 0; i < order.size();) {
        poller.Step();
        const Occurrence& first = occurrences_[order[i]];
        const std::string_view original = Original(first);
        writer.BeginWord(Folded(first), original);
        std::size_t next = i;
        for (; next < order.size() && Original(occurrences_[order[next]]) == original; ++next) {
            const std::uint32_t ahead = order[std::min(next + kFetchAhead, order.size() - 1)];
            __builtin_prefetch(&occurrences_[ahead]);
            __builtin_prefetch(&word_of[ahead], 1);
            writer.AddPostings(occurrences_[order[next]].word_class, rows, counts[next]);
            rows += counts[next];
        }
        const std::uint32_t word = Raw(writer.EndWord());
        for (; i < next; ++i) {
            word_of[order[i]] = word;
        }
    }
    postings.reset();

    std::size_t at = 0;
    for (RowOrdinal row = 0; row < rows_; ++row) {
        poller.Step();
        const std::uint32_t code = codes_[at++];
        if (code == kNullRow) {
            writer.AddNull(row);
        } else if (code >= kFirstShape) {
            at += shapes_[code - kFirstShape].words;
        }
    }
    for (const Shape& shape : shapes_) {
        poller.Step();
        writer.AddShape(shape.text, shape.rows);
    }
    writer.ObserveRows(nulls_, opaque_.size());
    writer.BeginRows();
    WordId words[kMaxWordsPerValue];
    std::size_t opaque = 0;
    at = 0;
    for (RowOrdinal row = 0; row < rows_; ++row) {
        poller.Step();
        const std::uint32_t code = codes_[at++];
        if (code == kNullRow) {
            writer.AddNullRow();
        } else if (code == kOpaqueRow) {
            writer.AddOpaqueRow(opaque_[opaque].original, opaque_[opaque].folded);
            ++opaque;
        } else {
            const std::uint32_t n = shapes_[code - kFirstShape].words;
            for (std::uint32_t i = 0; i < n; ++i) {
                words[i] = WordId{word_of[codes_[at++]]};
            }
            writer.AddRow(ShapeId{code - kFirstShape}, words, n);
        }
    }
    writer.EndColumn();
}

RowAccumulator::RowAccumulator(std::uint32_t column_count, const IncludeTypes& include_types,
                               void (*poll)())
    : poll_(poll) {
    columns_.reserve(column_count);
    for (std::uint32_t i = 0; i < column_count; ++i) {
        columns_.emplace_back(poll);
    }
    for (const IncludeType& type : include_types) {
        includes_.emplace_back(type, std::pmr::get_default_resource());
    }
}

void RowAccumulator::AddRow(Tid tid) {
    if (tids_.size() > 0 && !(tids_[tids_.size() - 1] < tid)) {
        Throw(ErrorCode::kInternal, "rows were given out of TID order");
    }
    if (tids_.size() >= kMaxSegmentRows) {
        ThrowTooLarge("a segment cannot hold more than " + std::to_string(kMaxSegmentRows) +
                      " rows");
    }
    tids_.push_back(tid);
}

namespace {

// What writing an INCLUDE column takes: of a few rows only their dictionary, with its table.
std::size_t ExtraBytes(const IncludeRows& include) {
    constexpr std::size_t kBytesAnEntry = 40;
    return std::min(IncludeWriter::kMaxMemory,
                    include.memory_bytes() * 2 + include.row_count() * kBytesAnEntry);
}

void Emit(const IncludeRows& include, SegmentWriter& writer, Poller& poller) {
    writer.BeginInclude();
    for (RowOrdinal row = 0; row < include.row_count(); ++row) {
        poller.Step();
        if (const auto value = include.Value(row)) {
            writer.AddInclude(*value);
        } else {
            writer.AddIncludeNull();
        }
    }
    writer.EndInclude();
}

}  // namespace

std::size_t RowAccumulator::memory_bytes() const {
    std::size_t bytes = tids_.bytes();
    std::size_t extra = 0;
    for (const ColumnAccumulator& column : columns_) {
        bytes += column.memory_bytes();
        extra = std::max(extra, column.extra_bytes());
    }
    for (const IncludeRows& include : includes_) {
        bytes += include.memory_bytes();
        extra = std::max(extra, ExtraBytes(include));
    }
    return bytes + extra;
}

bool RowAccumulator::full() const {
    const auto is_full = [](const auto& column) { return column.full(); };
    return std::any_of(columns_.begin(), columns_.end(), is_full) ||
           std::any_of(includes_.begin(), includes_.end(), is_full);
}

SegmentStats RowAccumulator::Emit(PageSink& out, PageStoreFactory& temporary,
                                  const SegmentOptions& options,
                                  std::pmr::memory_resource* memory) {
    IncludeTypes include_types;
    for (const IncludeRows& include : includes_) {
        include_types.push_back(include.type());
    }
    SegmentWriter writer(out, temporary, static_cast<std::uint32_t>(columns_.size()), row_count(),
                         options, memory, include_types);
    Poller poller(poll_);
    for (std::size_t i = 0; i < tids_.size(); ++i) {
        poller.Step();
        writer.AddTid(tids_[i]);
    }
    for (ColumnAccumulator& column : columns_) {
        column.Emit(writer);
    }
    for (const IncludeRows& include : includes_) {
        core::Emit(include, writer, poller);
    }
    return writer.Finish();
}

}  // namespace namedex::core
