#include "core/postings.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "core/bit_count.hpp"

namespace namedex::core {
namespace {

constexpr std::uint8_t kCodeMask = 0x1F;
constexpr std::uint8_t kExceptionsBit = 0x20;
constexpr unsigned kFirstBytesShift = 6;
constexpr unsigned kMaxWidth = 26;
constexpr unsigned kCodeBitmap = 27;
constexpr unsigned kCodeRun = 28;
constexpr unsigned kCodeRaw = 29;
constexpr unsigned kPositionBits = 7;
constexpr std::uint32_t kPageHeader = 12;
constexpr std::uint32_t kMaxBlockBytes = 640;
// No full block is longer than a raw one (517 bytes), so every inner page of a list holds at least
// this many.
constexpr std::uint32_t kMinBlocksPerPage = 14;

constexpr std::uint32_t kLanes = PostingWalk::kLanes;
constexpr std::uint32_t kSteps = PostingWalk::kSteps;

using Lanes = std::uint32_t __attribute__((vector_size(16)));

Lanes LoadLanes(const std::uint8_t* from) {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (unsigned lane = 0; lane < kLanes; ++lane) {
        lanes[lane] = LoadLe<std::uint32_t>(from + 4 * lane);
    }
#endif
    return lanes;
}

// The step-th gap of each lane.
template <unsigned kWidth, unsigned kStep>
inline Lanes UnpackStep(const std::uint8_t* in) {
    if constexpr (kWidth == 0) {
        return Lanes{};
    } else {
        constexpr unsigned kWord = kStep * kWidth / 32;
        constexpr unsigned kShift = kStep * kWidth % 32;
        constexpr std::uint32_t kMask = (std::uint32_t{1} << kWidth) - 1;
        Lanes gaps = LoadLanes(in + 16 * kWord) >> kShift;
        if constexpr (kShift + kWidth > 32) {
            gaps |= LoadLanes(in + 16 * (kWord + 1)) << (32 - kShift);
        }
        return gaps & kMask;
    }
}

void StoreLanes(std::uint32_t* to, Lanes lanes) {
    std::memcpy(to, &lanes, sizeof lanes);
}

Lanes LaneValues(const std::uint32_t* from) {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

// Unpacks the gaps, adds the patches, and leaves in `out` for each step each lane's sum of (gap +
// 1) up to there.
template <unsigned kWidth, std::size_t... kStep>
inline Lanes SumSteps(const std::uint8_t* in, const std::uint32_t* patches, std::uint32_t* out,
                      std::index_sequence<kStep...>) {
    Lanes sum{};
    ((sum += (UnpackStep<kWidth, kStep>(in) | LaneValues(patches + kLanes * kStep)) + 1u,
      StoreLanes(out + kLanes * kStep, sum)),
     ...);
    return sum;
}

template <unsigned kWidth>
Lanes SumGaps(const std::uint8_t* in, const std::uint32_t* patches, std::uint32_t* out) {
    return SumSteps<kWidth>(in, patches, out, std::make_index_sequence<kSteps>());
}

using SumGapsFn = Lanes (*)(const std::uint8_t*, const std::uint32_t*, std::uint32_t*);

template <std::size_t... kWidth>
constexpr std::array<SumGapsFn, sizeof...(kWidth)> SumGapsTable(std::index_sequence<kWidth...>) {
    return {&SumGaps<kWidth>...};
}

constexpr auto kSumGaps = SumGapsTable(std::make_index_sequence<kMaxWidth + 1>());

// Completes a tail: rows[i + 1] holds the high part of rise i, and `low` the low parts.
template <unsigned kWidth>
void AddLowParts(const std::uint8_t* low, RowOrdinal first, std::uint32_t steps, RowOrdinal* rows) {
    constexpr std::uint32_t kMask = (std::uint32_t{1} << kWidth) - 1;
    const auto complete = [](const std::uint8_t* group, unsigned k, RowOrdinal before,
                             RowOrdinal& row) {
        const std::uint64_t loaded = LoadLe<std::uint64_t>(group + k * kWidth / 8);
        const std::uint32_t part = static_cast<std::uint32_t>(loaded >> (k * kWidth % 8)) & kMask;
        row = before + k + 1 + (row << kWidth | part);
    };
    std::uint32_t i = 0;
    for (; i + 8 <= steps; i += 8, low += kWidth) {
        for (unsigned k = 0; k < 8; ++k) {
            complete(low, k, first + i, rows[i + k + 1]);
        }
    }
    for (unsigned k = 0; i + k < steps; ++k) {
        complete(low, k, first + i, rows[i + k + 1]);
    }
}

using AddLowPartsFn = void (*)(const std::uint8_t*, RowOrdinal, std::uint32_t, RowOrdinal*);

template <std::size_t... kWidth>
constexpr std::array<AddLowPartsFn, sizeof...(kWidth)> AddLowPartsTable(
    std::index_sequence<kWidth...>) {
    return {&AddLowParts<kWidth>...};
}

constexpr auto kAddLowParts = AddLowPartsTable(std::make_index_sequence<32>());

std::uint64_t LoadUpTo8(const std::uint8_t* from, std::size_t available) {
    if (available >= 8) {
        return LoadLe<std::uint64_t>(from);
    }
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < available; ++i) {
        word |= std::uint64_t{from[i]} << (8 * i);
    }
    return word;
}

unsigned BitWidth(std::uint32_t value) {
    return value == 0 ? 0 : 32 - static_cast<unsigned>(__builtin_clz(value));
}

[[noreturn]] void ThrowBlock() {
    ThrowCorrupt("a block of a posting list is damaged");
}

// Assembles one block.
class BlockBuilder {
  public:
    void Head(unsigned code, RowOrdinal first) {
        const unsigned bytes = std::max(1u, (BitWidth(first) + 7) / 8);
        U8(static_cast<std::uint8_t>(code | (bytes - 1) << kFirstBytesShift));
        for (unsigned i = 0; i < bytes; ++i) {
            U8(static_cast<std::uint8_t>(first >> (8 * i)));
        }
    }
    void U8(std::uint8_t byte) { bytes_[size_++] = byte; }
    void U32(std::uint32_t value) {
        StoreLe(bytes_ + size_, value);
        size_ += 4;
    }
    // Appends `width` <= 32 bits to the bit stream that begins at the next byte; EndBits closes it.
    void Bits(std::uint64_t value, unsigned width) {
        pending_ |= value << pending_bits_;
        for (pending_bits_ += width; pending_bits_ >= 8; pending_bits_ -= 8) {
            U8(static_cast<std::uint8_t>(pending_));
            pending_ >>= 8;
        }
    }
    void EndBits() {
        if (pending_bits_ > 0) {
            U8(static_cast<std::uint8_t>(pending_));
        }
        pending_ = 0;
        pending_bits_ = 0;
    }
    // `size` zero bytes to be filled in.
    std::uint8_t* Room(std::size_t size) {
        std::uint8_t* room = bytes_ + size_;
        std::memset(room, 0, size);
        size_ += size;
        return room;
    }

    const std::uint8_t* data() const { return bytes_; }
    std::size_t size() const { return size_; }

  private:
    std::uint8_t bytes_[kMaxBlockBytes];
    std::size_t size_ = 0;
    std::uint64_t pending_ = 0;
    unsigned pending_bits_ = 0;
};

// How to pack 128 gaps in the fewest bytes.
struct PackPlan {
    unsigned width = 0;
    unsigned exceptions = 0;
    unsigned extra_width = 0;
    unsigned bytes = 0;  // after the first ordinal
};

PackPlan PlanPacking(const std::uint32_t (&gaps)[kPostingBlock]) {
    unsigned histogram[33] = {};
    unsigned widest = 0;
    for (const std::uint32_t gap : gaps) {
        const unsigned width = BitWidth(gap);
        ++histogram[width];
        widest = std::max(widest, width);
    }
    PackPlan best{widest, 0, 0, 16 * widest};
    unsigned exceptions = 0;
    for (unsigned width = widest; width-- > 0;) {
        exceptions += histogram[width + 1];
        const unsigned extra = widest - width;
        const unsigned bytes = 16 * width + 2 + (exceptions * (kPositionBits + extra) + 7) / 8;
        if (bytes < best.bytes) {
            best = {width, exceptions, extra, bytes};
        }
    }
    return best;
}

void BuildPacked(const std::uint32_t (&gaps)[kPostingBlock], const PackPlan& plan, RowOrdinal first,
                 BlockBuilder& block) {
    block.Head(plan.width | (plan.exceptions > 0 ? unsigned{kExceptionsBit} : 0u), first);
    if (plan.exceptions > 0) {
        block.U8(static_cast<std::uint8_t>(plan.exceptions));
        block.U8(static_cast<std::uint8_t>(plan.extra_width));
    }
    std::uint32_t words[kMaxWidth * kLanes] = {};
    const std::uint32_t mask = (std::uint32_t{1} << plan.width) - 1;
    for (unsigned lane = 0; plan.width > 0 && lane < kLanes; ++lane) {
        for (unsigned step = 0; step < kSteps; ++step) {
            const std::uint32_t gap = gaps[lane * kSteps + step] & mask;
            const unsigned word = step * plan.width / 32;
            const unsigned shift = step * plan.width % 32;
            words[word * kLanes + lane] |= gap << shift;
            if (shift + plan.width > 32) {
                words[(word + 1) * kLanes + lane] |= gap >> (32 - shift);
            }
        }
    }
    for (unsigned i = 0; i < plan.width * kLanes; ++i) {
        block.U32(words[i]);
    }
    if (plan.exceptions > 0) {
        for (unsigned i = 0; i < kPostingBlock; ++i) {
            if (gaps[i] > mask) {
                block.Bits(i | std::uint64_t{gaps[i] >> plan.width} << kPositionBits,
                           kPositionBits + plan.extra_width);
            }
        }
        block.EndBits();
    }
}

void BuildBitmap(const RowOrdinal (&rows)[kPostingBlock], std::uint32_t bytes,
                 BlockBuilder& block) {
    block.Head(kCodeBitmap, rows[0]);
    block.U8(static_cast<std::uint8_t>(bytes));
    block.U8(static_cast<std::uint8_t>(bytes >> 8));
    std::uint8_t* bits = block.Room(bytes);
    for (const RowOrdinal row : rows) {
        const std::uint32_t bit = row - rows[0];
        bits[bit / 8] = static_cast<std::uint8_t>(bits[bit / 8] | 1u << (bit % 8));
    }
}

}  // namespace

// ---- writing -----------------------------------------------------------------------------------

void PostingWriter::Begin() {
    least_ = 0;
    count_ = 0;
    placed_ = 0;
    filled_ = 0;
    run_blocks_ = 0;
}

void PostingWriter::Add(RowOrdinal row) {
    if (row < least_) {
        ThrowInternal("row ordinals of a posting list do not ascend");
    }
    least_ = std::uint64_t{row} + 1;
    rows_[filled_++] = row;
    ++count_;
    if (filled_ == kPostingBlock) {
        FlushFull();
    }
}

ListRef PostingWriter::End() {
    FlushRun();
    FlushTail();
    return count_ == 0 ? ListRef{} : ListRef{count_, list_};
}

ListRef PostingWriter::Write(const RowOrdinal* rows, std::size_t size) {
    Begin();
    for (std::size_t i = 0; i < size; ++i) {
        Add(rows[i]);
    }
    return End();
}

// Appends a block; gives a new page its header.
void PostingWriter::Put(const std::uint8_t* block, std::size_t size, std::uint32_t ordinals) {
    if (section_->tell().offset != 0 && section_->room() < size) {
        section_->NextPage();
    }
    const Loc here = section_->tell();
    if (here.offset == 0) {
        const Loc list = placed_ > 0 ? list_ : Loc{here.page, kPageHeader};
        std::uint8_t header[kPageHeader];
        StoreLe<std::uint32_t>(header, list.page);
        StoreLe<std::uint32_t>(header + 4, list.offset);
        StoreLe<std::uint32_t>(header + 8, placed_);
        section_->Append(header, sizeof header);
    }
    const Loc at = section_->Append(block, size);
    if (placed_ == 0) {
        list_ = at;
    }
    placed_ += ordinals;
}

void PostingWriter::FlushRun() {
    if (run_blocks_ == 0) {
        return;
    }
    BlockBuilder block;
    block.Head(kCodeRun, run_first_);
    std::uint32_t length = run_blocks_;
    for (; length >= 0x80; length >>= 7) {
        block.U8(static_cast<std::uint8_t>(length | 0x80));
    }
    block.U8(static_cast<std::uint8_t>(length));
    Put(block.data(), block.size(), run_blocks_ * kPostingBlock);
    run_blocks_ = 0;
}

void PostingWriter::FlushFull() {
    filled_ = 0;
    const RowOrdinal first = rows_[0];
    const std::uint32_t span = rows_[kPostingBlock - 1] - first;
    if (span == kPostingBlock - 1) {
        if (run_blocks_ > 0 && first != run_first_ + run_blocks_ * kPostingBlock) {
            FlushRun();
        }
        if (run_blocks_ == 0) {
            run_first_ = first;
        }
        ++run_blocks_;
        return;
    }
    FlushRun();

    std::uint32_t gaps[kPostingBlock];
    gaps[0] = 0;
    for (unsigned i = 1; i < kPostingBlock; ++i) {
        gaps[i] = rows_[i] - rows_[i - 1] - 1;
    }
    const PackPlan plan = PlanPacking(gaps);
    const std::uint32_t bitmap_bytes = span / 8 + 1;
    BlockBuilder block;
    if (bitmap_bytes + 2 <= plan.bytes) {
        BuildBitmap(rows_, bitmap_bytes, block);
    } else if (plan.width + plan.extra_width <= kMaxWidth) {
        BuildPacked(gaps, plan, first, block);
    } else {
        block.Head(kCodeRaw, first);
        for (const RowOrdinal row : rows_) {
            block.U32(row);
        }
    }
    Put(block.data(), block.size(), kPostingBlock);
}

void PostingWriter::FlushTail() {
    if (filled_ == 0) {
        return;
    }
    const RowOrdinal first = rows_[0];
    const std::uint32_t steps = filled_ - 1;
    unsigned low_width = 0;
    if (steps > 0) {
        const std::uint32_t range = rows_[steps] - first - steps;
        const auto bits = [&](unsigned width) {
            return std::uint64_t{steps} * width + (range >> width);
        };
        low_width = range / steps == 0 ? 0 : BitWidth(range / steps) - 1;
        if (low_width < 31 && bits(low_width + 1) < bits(low_width)) {
            ++low_width;
        }
    }
    BlockBuilder block;
    block.Head(low_width, first);
    const std::uint32_t mask = (std::uint32_t{1} << low_width) - 1;
    for (std::uint32_t i = 1; i <= steps; ++i) {
        block.Bits((rows_[i] - first - i) & mask, low_width);
    }
    std::uint32_t high = 0;
    for (std::uint32_t i = 1; i <= steps; ++i) {
        const std::uint32_t next = (rows_[i] - first - i) >> low_width;
        for (; high < next; ++high) {
            block.Bits(0, 1);
        }
        block.Bits(1, 1);
    }
    block.EndBits();
    Put(block.data(), block.size(), filled_);
    filled_ = 0;
}

// ---- walking -----------------------------------------------------------------------------------

PostingWalk::PostingWalk(const SectionReader& section, std::uint32_t row_count)
    : section_(section), row_count_(row_count) {}

void PostingWalk::Start(const ListRef& list) {
    if (list.count > row_count_) {
        ThrowCorrupt("a posting list is longer than the segment");
    }
    list_ = list;
    at_ = list.loc;
    remaining_ = list.count;
    least_ = 0;
}

namespace {

struct PageHeader {
    Loc list;
    std::uint32_t before;
};

bool ReadPageHeader(Span page, PageHeader& header) {
    if (page.size < kPageHeader) {
        return false;
    }
    header.list = {LoadLe<std::uint32_t>(page.data), LoadLe<std::uint32_t>(page.data + 4)};
    header.before = LoadLe<std::uint32_t>(page.data + 8);
    return true;
}

// Reads byte 0 and the first ordinal; the bytes they take, or 0 if `bytes` is too short.
std::size_t ReadBlockHead(Span bytes, std::uint8_t& head, RowOrdinal& first) {
    if (bytes.size < 2) {
        return 0;
    }
    head = bytes.data[0];
    const unsigned first_bytes = (head >> kFirstBytesShift) + 1u;
    if (bytes.size < 1 + first_bytes) {
        return 0;
    }
    const std::uint32_t loaded =
        bytes.size >= 5 ? LoadLe<std::uint32_t>(bytes.data + 1)
                        : static_cast<std::uint32_t>(LoadUpTo8(bytes.data + 1, first_bytes));
    first = loaded & (0xFFFFFFFFu >> (32 - 8 * first_bytes));
    return 1 + first_bytes;
}

}  // namespace

// Makes the page the current one, which must go on with the list.
void PostingWalk::OpenPage(std::uint32_t page) {
    PageHeader header;
    if (!ReadPageHeader(section_.At({page, 0}, pin_), header) || !(header.list == list_.loc) ||
        header.before == 0 || header.before >= list_.count || header.before % kPostingBlock != 0) {
        ThrowCorrupt("a page does not continue its posting list");
    }
    at_ = {page, kPageHeader};
    remaining_ = list_.count - header.before;
}

// The first ordinal on a later page of the list; false if the page is not one.
bool PostingWalk::PageFirst(std::uint32_t page, RowOrdinal& first) {
    const Span bytes = section_.At({page, 0}, pin_);
    PageHeader header;
    std::uint8_t head;
    return ReadPageHeader(bytes, header) && header.list == list_.loc &&
           ReadBlockHead({bytes.data + kPageHeader, bytes.size - kPageHeader}, head, first) != 0;
}

void PostingWalk::SeekPage(RowOrdinal lo) {
    if (lo == 0 || remaining_ <= kMinBlocksPerPage * kPostingBlock ||
        at_.page >= section_.page_count()) {
        return;
    }
    // Invariant: page `below` belongs to the list and begins at or before lo; `above` does not
    // both.
    std::uint32_t below = at_.page;
    const std::uint64_t bound =
        std::uint64_t{below} + 2 + remaining_ / kPostingBlock / kMinBlocksPerPage;
    std::uint32_t above =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(bound, section_.page_count()));
    while (above - below > 1) {
        const std::uint32_t middle = below + (above - below) / 2;
        RowOrdinal first;
        if (PageFirst(middle, first) && first <= lo) {
            below = middle;
        } else {
            above = middle;
        }
    }
    if (below != at_.page) {
        OpenPage(below);
    }
}

bool PostingWalk::Next() {
    if (remaining_ == 0) {
        return false;
    }
    Span bytes = section_.At(at_, pin_);
    if (bytes.size == 0) {
        const std::uint32_t expected = remaining_;
        OpenPage(at_.page + 1);
        if (remaining_ != expected) {
            ThrowCorrupt("a page does not continue its posting list");
        }
        bytes = section_.At(at_, pin_);
    }
    std::uint8_t head;
    const std::size_t head_bytes = ReadBlockHead(bytes, head, first_);
    if (head_bytes == 0 || first_ < least_ || first_ >= row_count_) {
        ThrowBlock();
    }
    least_ = std::uint64_t{first_} + 1;
    body_ = {bytes.data + head_bytes, bytes.size - head_bytes};
    if (remaining_ < kPostingBlock) {
        if ((head & kExceptionsBit) != 0) {
            ThrowBlock();
        }
        kind_ = Kind::kTail;
        width_ = head & kCodeMask;
        size_ = remaining_;
    } else {
        ReadFullHead(head, body_);
        at_.offset += static_cast<std::uint32_t>(head_bytes + body_.size);
    }
    remaining_ -= size_;
    return true;
}

// Takes a full block's head apart and cuts body_ to what belongs to the block.
void PostingWalk::ReadFullHead(std::uint8_t head, Span rest) {
    const unsigned code = head & kCodeMask;
    const bool has_exceptions = (head & kExceptionsBit) != 0;
    ByteReader reader(rest);
    size_ = kPostingBlock;
    std::size_t skip = 0;
    std::size_t bytes = 0;
    if (code <= kMaxWidth) {
        kind_ = Kind::kPacked;
        width_ = static_cast<std::uint8_t>(code);
        exceptions_ = 0;
        bytes = 16 * code;
        if (has_exceptions) {
            exceptions_ = reader.U8();
            extra_width_ = reader.U8();
            skip = 2;
            if (exceptions_ == 0 || exceptions_ >= kPostingBlock || extra_width_ == 0 ||
                width_ + extra_width_ > static_cast<int>(kMaxWidth)) {
                ThrowBlock();
            }
            bytes += (exceptions_ * (kPositionBits + extra_width_) + 7) / 8;
        }
    } else if (has_exceptions) {
        ThrowBlock();
    } else if (code == kCodeBitmap) {
        kind_ = Kind::kBitmap;
        bytes = reader.U16();
        skip = 2;
        if (bytes < kPostingBlock / 8 || bytes > 8 * kMaxBitmapWords) {
            ThrowBlock();
        }
    } else if (code == kCodeRun) {
        kind_ = Kind::kRun;
        const std::uint32_t blocks = reader.Varint32();
        if (blocks == 0 || blocks > remaining_ / kPostingBlock) {
            ThrowBlock();
        }
        size_ = blocks * kPostingBlock;
        bytes = static_cast<std::size_t>(reader.position() - rest.data);
    } else if (code == kCodeRaw) {
        kind_ = Kind::kRaw;
        bytes = 4 * kPostingBlock;
    } else {
        ThrowBlock();
    }
    if (skip + bytes > rest.size) {
        ThrowBlock();
    }
    body_ = {rest.data, skip + bytes};
}

bool PostingWalk::EndsBelow(RowOrdinal lo) const {
    if (first_ >= lo || remaining_ == 0) {
        return false;
    }
    const std::uint8_t* next = body_.data + body_.size;
    const std::uint8_t* end = pin_.payload() + pin_.used();
    std::uint8_t head;
    RowOrdinal first;
    return ReadBlockHead({next, static_cast<std::size_t>(end - next)}, head, first) != 0 &&
           first <= lo;
}

RowOrdinal PostingWalk::Checked(std::uint64_t last) {
    if (last >= row_count_) {
        ThrowCorrupt("a posting list has a row beyond the segment's last");
    }
    least_ = last + 1;
    return static_cast<RowOrdinal>(last);
}

RowOrdinal PostingWalk::DecodePacked(RowOrdinal bias, std::uint32_t (&slots)[kPostingBlock]) {
    const std::uint8_t* gaps = body_.data;
    std::uint8_t patched[kPostingBlock];
    if (exceptions_ > 0) {
        gaps += 2;
        const std::uint8_t* in = gaps + 16 * width_;
        const std::uint8_t* end = pin_.payload() + pin_.used();
        const unsigned bits = kPositionBits + extra_width_;
        const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
        for (unsigned i = 0; i < exceptions_; ++i) {
            const unsigned bit = i * bits;
            const std::uint8_t* at = in + bit / 8;
            const std::uint64_t field =
                (LoadUpTo8(at, static_cast<std::size_t>(end - at)) >> (bit % 8)) & mask;
            const unsigned gap = field % kPostingBlock;
            const unsigned slot = gap % kSteps * kLanes + gap / kSteps;
            patches_[slot] = static_cast<std::uint32_t>(field >> kPositionBits) << width_;
            patched[i] = static_cast<std::uint8_t>(slot);
        }
    }
    const Lanes totals = kSumGaps[width_](gaps, patches_, slots);
    for (unsigned i = 0; i < exceptions_; ++i) {
        patches_[patched[i]] = 0;
    }
    if (slots[0] != 1) {
        ThrowBlock();  // gap 0
    }
    // Each total is at most 32 * 2^26 and fits its lane; the sum of all is taken in 64 bits.
    const std::uint64_t before = std::uint64_t{first_} - 1;
    const RowOrdinal last = Checked(before + totals[0] + totals[1] + totals[2] + totals[3]);
    const std::uint32_t base = first_ - 1 - bias;
    const Lanes bases = {base, base + totals[0], base + totals[0] + totals[1],
                         base + totals[0] + totals[1] + totals[2]};
    for (std::uint32_t i = 0; i < kPostingBlock; i += kLanes) {
        StoreLanes(slots + i, LaneValues(slots + i) + bases);
    }
    return last;
}

RowOrdinal PostingWalk::DecodeBitmap(std::uint64_t (&words)[kMaxBitmapWords],
                                     std::uint32_t& word_count) {
    const std::size_t bytes = body_.size - 2;
    word_count = static_cast<std::uint32_t>((bytes + 7) / 8);
    std::uint64_t last = 0;
    unsigned count = 0;
    for (std::size_t i = 0; i < word_count; ++i) {
        const std::uint64_t word = LoadUpTo8(body_.data + 2 + 8 * i, bytes - 8 * i);
        words[i] = word;
        count += CountBits(word);
        if (word != 0) {
            last = 64 * i + 63 - static_cast<unsigned>(__builtin_clzll(word));
        }
    }
    if (count != kPostingBlock || (words[0] & 1) == 0) {
        ThrowBlock();
    }
    return Checked(first_ + last);
}

RowOrdinal PostingWalk::DecodeRun() {
    return Checked(std::uint64_t{first_} + size_ - 1);
}

RowOrdinal PostingWalk::DecodeRaw(RowOrdinal (&rows)[kPostingBlock]) {
    bool ascending = true;
    for (std::uint32_t i = 0; i < kPostingBlock; ++i) {
        rows[i] = LoadLe<std::uint32_t>(body_.data + 4 * i);
        ascending &= i == 0 ? rows[i] == first_ : rows[i] > rows[i - 1];
    }
    if (!ascending) {
        ThrowBlock();
    }
    return Checked(rows[kPostingBlock - 1]);
}

RowOrdinal PostingWalk::DecodeTail(RowOrdinal (&rows)[kPostingBlock]) {
    rows[0] = first_;
    const std::uint32_t steps = size_ - 1;
    if (steps == 0) {
        return Checked(first_);
    }
    const unsigned width = width_;
    const std::uint32_t low_bits = steps * width;
    if (low_bits / 8 >= body_.size) {
        ThrowBlock();
    }
    // The low parts are read 8 bytes at a time; near the end of the page, from a padded copy.
    const std::uint8_t* low = body_.data;
    std::uint8_t copy[kMaxBlockBytes];
    if (body_.size < low_bits / 8 + 8) {
        std::memcpy(copy, body_.data, body_.size);
        std::memset(copy + body_.size, 0, 8);
        low = copy;
    }
    std::size_t at = low_bits / 8;
    std::uint64_t word =
        LoadUpTo8(body_.data + at, body_.size - at) & (~std::uint64_t{0} << (low_bits % 8));
    std::uint64_t zeros = 0 - std::uint64_t{low_bits % 8};  // bit 0 of word, counted from the first
    std::uint64_t high = 0;
    for (std::uint32_t i = 0; i < steps; ++i) {
        while (word == 0) {
            at += 8;
            if (at >= body_.size) {
                ThrowBlock();
            }
            word = LoadUpTo8(body_.data + at, body_.size - at);
            zeros += 64;
        }
        high = zeros + static_cast<unsigned>(__builtin_ctzll(word)) - i;
        word &= word - 1;
        rows[i + 1] = static_cast<std::uint32_t>(high);
    }
    kAddLowParts[width](low, first_, steps, rows);
    // The last row is computed once more in 64 bits and must be below 2^32. As the high parts
    // ascend and 2^32 is a multiple of 2^width, then every rise is below 2^32, and a row that was
    // cut to 32 bits is not above the one before it.
    const std::uint32_t last_bit = low_bits - width;
    const std::uint64_t low_part = LoadLe<std::uint64_t>(low + last_bit / 8) >> (last_bit % 8);
    const std::uint64_t rise = high << width | (low_part & ((std::uint64_t{1} << width) - 1));
    const RowOrdinal last = Checked(std::uint64_t{first_} + steps + rise);
    std::uint32_t descents = 0;
    for (std::uint32_t i = 0; i < steps; ++i) {
        descents += rows[i] < rows[i + 1] ? 0 : 1;
    }
    if (descents != 0) {
        ThrowBlock();
    }
    return last;
}

RowOrdinal PostingWalk::DecodeRows(RowOrdinal (&rows)[kPostingBlock]) {
    if (kind_ == Kind::kTail) {
        return DecodeTail(rows);
    }
    if (kind_ == Kind::kPacked) {
        std::uint32_t slots[kPostingBlock];
        const RowOrdinal last = DecodePacked(0, slots);
        for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
            for (std::uint32_t step = 0; step < kSteps; ++step) {
                rows[lane * kSteps + step] = slots[step * kLanes + lane];
            }
        }
        return last;
    }
    if (kind_ == Kind::kRaw) {
        return DecodeRaw(rows);
    }
    std::uint64_t words[kMaxBitmapWords];
    std::uint32_t word_count;
    const RowOrdinal last = DecodeBitmap(words, word_count);
    std::uint32_t n = 0;
    for (std::uint32_t i = 0; i < word_count; ++i) {
        for (std::uint64_t word = words[i]; word != 0; word &= word - 1) {
            rows[n++] = first_ + 64 * i + static_cast<std::uint32_t>(__builtin_ctzll(word));
        }
    }
    return last;
}

// ---- reading -----------------------------------------------------------------------------------

namespace {

// Appends of at most this many ordinals are provided for at once: a damaged count must not make us
// ask for memory that the list's bytes do not warrant.
constexpr std::size_t kMaxReserve = 1u << 16;

void ReserveMore(std::pmr::vector<RowOrdinal>& out, std::size_t more) {
    const std::size_t needed = out.size() + std::min(more, kMaxReserve);
    if (needed > out.capacity()) {
        out.reserve(std::max(needed, 2 * out.capacity()));
    }
}

// One bit in each place: looking it up takes fewer instructions than a shift by a variable.
struct BitTable {
    std::uint64_t bit[RowBitmap::kWordBits] = {};

    constexpr BitTable() {
        for (unsigned i = 0; i < RowBitmap::kWordBits; ++i) {
            bit[i] = std::uint64_t{1} << i;
        }
    }
};
constexpr BitTable kBits;

void SetBits(const std::uint32_t* bits, std::uint32_t size, std::uint64_t* words) {
    for (std::uint32_t i = 0; i < size; ++i) {
        words[bits[i] / RowBitmap::kWordBits] |= kBits.bit[bits[i] % RowBitmap::kWordBits];
    }
}

// Sets the bits of [lo, hi) of a decoded bitmap block that begins at `first`.
void OrWords(const std::uint64_t* words, std::uint32_t word_count, RowOrdinal first,
             std::uint64_t lo, std::uint64_t hi, RowBitmap& out) {
    for (std::uint32_t i = 0; i < word_count; ++i) {
        std::uint64_t word = words[i];
        if (word == 0) {
            continue;
        }
        const std::uint64_t start = std::uint64_t{first} + 64 * i;
        if (start + 64 <= lo || start >= hi) {
            continue;
        }
        if (start >= lo && start + 64 <= hi) {
            out.OrBits(static_cast<RowOrdinal>(start), word);
            continue;
        }
        for (; word != 0; word &= word - 1) {
            const std::uint64_t row = start + static_cast<unsigned>(__builtin_ctzll(word));
            if (row >= lo && row < hi) {
                out.Set(static_cast<RowOrdinal>(row));
            }
        }
    }
}

}  // namespace

void PostingReader::AppendRange(const ListRef& list, RowOrdinal lo, RowOrdinal hi,
                                std::pmr::vector<RowOrdinal>& out) {
    walk_.Start(list);
    hi = std::min(hi, row_count_);
    if (lo >= hi) {
        return;
    }
    ReserveMore(out, std::min(list.count, hi - lo));
    walk_.SeekPage(lo);
    while (walk_.Next()) {
        if (walk_.first() >= hi) {
            return;
        }
        if (walk_.EndsBelow(lo)) {
            continue;
        }
        if (walk_.kind() == PostingWalk::Kind::kRun) {
            const RowOrdinal end = std::min(walk_.DecodeRun() + 1, hi);
            for (RowOrdinal row = std::max(walk_.first(), lo); row < end; ++row) {
                out.push_back(row);
            }
            continue;
        }
        RowOrdinal rows[kPostingBlock];
        const RowOrdinal last = walk_.DecodeRows(rows);
        const RowOrdinal* begin = rows;
        const RowOrdinal* end = rows + walk_.size();
        if (walk_.first() < lo) {
            begin = std::lower_bound(begin, end, lo);
        }
        if (last >= hi) {
            end = std::lower_bound(begin, end, hi);
        }
        out.insert(out.end(), begin, end);
    }
}

void PostingReader::OrRange(const ListRef& list, RowOrdinal lo, RowOrdinal hi, RowBitmap& out) {
    walk_.Start(list);
    lo = std::max(lo, out.base());
    hi = std::min({hi, row_count_, out.end()});
    if (lo >= hi) {
        return;
    }
    walk_.SeekPage(lo);
    const RowOrdinal window = out.base();
    std::uint64_t* const bits = out.words();
    while (walk_.Next()) {
        const RowOrdinal first = walk_.first();
        if (first >= hi) {
            return;
        }
        if (walk_.EndsBelow(lo)) {
            continue;
        }
        std::uint32_t rows[kPostingBlock];
        RowOrdinal last = 0;
        RowOrdinal bias = 0;
        switch (walk_.kind()) {
            case PostingWalk::Kind::kPacked:
                bias = window;
                last = walk_.DecodePacked(window, rows);
                break;
            case PostingWalk::Kind::kRun:
                out.SetRange(std::max(first, lo), std::min(walk_.DecodeRun() + 1, hi));
                continue;
            case PostingWalk::Kind::kBitmap: {
                std::uint64_t words[kMaxBitmapWords];
                std::uint32_t word_count;
                walk_.DecodeBitmap(words, word_count);
                OrWords(words, word_count, first, lo, hi, out);
                continue;
            }
            case PostingWalk::Kind::kRaw:
                last = walk_.DecodeRaw(rows);
                break;
            case PostingWalk::Kind::kTail:
                last = walk_.DecodeTail(rows);
                break;
        }
        // Here rows[i] + bias is a row.
        const std::uint32_t size = walk_.size();
        if (first >= lo && last < hi) {
            if (bias != window) {
                for (std::uint32_t i = 0; i < size; ++i) {
                    rows[i] -= window;
                }
            }
            SetBits(rows, size, bits);
        } else {
            for (std::uint32_t i = 0; i < size; ++i) {
                const RowOrdinal row = rows[i] + bias;
                if (row >= lo && row < hi) {
                    out.Set(row);
                }
            }
        }
    }
}

void PostingReader::OrWord(const WordEntry& entry, ClassMask classes, RowOrdinal lo, RowOrdinal hi,
                           RowBitmap& out) {
    const RowOrdinal from = std::max(lo, out.base());
    const RowOrdinal to = std::min(hi, out.end());
    for (int c = 0; c < kWordClasses; ++c) {
        const auto word_class = static_cast<WordClass>(c);
        if ((entry.mask & classes & MaskOf(word_class)) == 0) {
            continue;
        }
        if (entry.Inlined(word_class)) {
            entry.ForEachInline(word_class, row_count_, [&](RowOrdinal row) {
                if (row >= from && row < to) {
                    out.Set(row);
                }
            });
        } else {
            OrRange(entry.lists[c], lo, hi, out);
        }
    }
}

bool PostingReader::Contains(const ListRef& list, RowOrdinal row) {
    walk_.Start(list);
    if (row >= row_count_) {
        return false;
    }
    walk_.SeekPage(row);
    while (walk_.Next() && walk_.first() <= row) {
        if (walk_.EndsBelow(row)) {
            continue;
        }
        if (walk_.kind() == PostingWalk::Kind::kRun) {
            if (row <= walk_.DecodeRun()) {
                return true;
            }
            continue;
        }
        RowOrdinal rows[kPostingBlock];
        if (row <= walk_.DecodeRows(rows)) {
            return std::binary_search(rows, rows + walk_.size(), row);
        }
    }
    return false;
}

PostingCursor::PostingCursor(const SectionReader& section, std::uint32_t row_count,
                             const ListRef& list)
    : walk_(section, row_count) {
    walk_.Start(list);
}

OrdinalSpan PostingCursor::Next() {
    if (run_next_ == run_end_) {
        if (!walk_.Next()) {
            return {};
        }
        if (walk_.kind() != PostingWalk::Kind::kRun) {
            walk_.DecodeRows(rows_);
            return {rows_, walk_.size()};
        }
        run_next_ = walk_.first();
        run_end_ = std::uint64_t{walk_.DecodeRun()} + 1;
    }
    const std::uint64_t size = std::min<std::uint64_t>(kPostingBlock, run_end_ - run_next_);
    for (std::uint64_t i = 0; i < size; ++i) {
        rows_[i] = static_cast<RowOrdinal>(run_next_ + i);
    }
    run_next_ += size;
    return {rows_, static_cast<std::size_t>(size)};
}

}  // namespace namedex::core
