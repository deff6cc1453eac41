#include "core/row_accumulator.hpp"

#include <algorithm>
#include <cstring>

namespace namedex::core {

namespace {

std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
    const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// A hash for in-memory tables; never stored.
std::uint64_t HashBytes(std::string_view text, std::uint64_t seed) {
    std::uint64_t hash = seed ^ (text.size() * 0x9E3779B97F4A7C15u);
    const char* at = text.data();
    std::size_t left = text.size();
    for (; left >= 8; left -= 8, at += 8) {
        std::uint64_t word;
        std::memcpy(&word, at, 8);
        hash = Mix(hash ^ word, 0xA0761D6478BD642Fu);
    }
    std::uint64_t tail = 0;
    std::memcpy(&tail, at, left);
    return Mix(hash ^ tail, 0xE7037ED1A0B428DBu);
}

std::uint32_t HashBits(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 32);
}

// The first 8 bytes, so that comparing numbers compares text.
std::uint64_t SortPrefix(std::string_view text) {
    unsigned char bytes[8] = {};
    std::memcpy(bytes, text.data(), std::min<std::size_t>(text.size(), 8));
    std::uint64_t prefix = 0;
    for (const unsigned char byte : bytes) {
        prefix = prefix << 8 | byte;
    }
    return prefix;
}

void Poll(void (*poll)(), std::uint64_t n) {
    if (n % 65536 == 0 && poll != nullptr) {
        poll();
    }
}

struct SortKey {
    std::uint64_t prefix;
    std::uint32_t id;
};

}  // namespace

ColumnAccumulator::ColumnAccumulator() : slots_(1024), shape_slots_(64) {}

std::string_view ColumnAccumulator::Original(const Occurrence& o) const {
    return {text_[o.text / kTextBlock].get() + o.text % kTextBlock, o.original_size};
}

std::string_view ColumnAccumulator::Folded(const Occurrence& o) const {
    const char* original = text_[o.text / kTextBlock].get() + o.text % kTextBlock;
    return {o.same ? original : original + o.original_size, o.folded_size};
}

void ColumnAccumulator::GrowWords() {
    std::vector<std::uint64_t> grown(slots_.size() * 2);
    const std::size_t mask = grown.size() - 1;
    for (const std::uint64_t slot : slots_) {
        if (slot != 0) {
            std::size_t at = (slot >> 32) & mask;
            while (grown[at] != 0) {
                at = (at + 1) & mask;
            }
            grown[at] = slot;
        }
    }
    slots_.swap(grown);
}

std::uint32_t ColumnAccumulator::OccurrenceId(const SplitWord& word) {
    const std::uint32_t hash =
        HashBits(HashBytes(word.original, static_cast<std::uint64_t>(word.word_class) + 1));
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
        if (slots_[at] >> 32 == hash) {
            const std::uint32_t id = static_cast<std::uint32_t>(slots_[at]) - 1;
            const Occurrence& known = occurrences_[id];
            if (known.word_class == word.word_class && Original(known) == word.original) {
                return id;
            }
        }
    }
    const bool same = word.folded == word.original;
    const std::size_t bytes = word.original.size() + (same ? 0 : word.folded.size());
    if (text_used_ + bytes > kTextBlock) {
        text_.push_back(std::make_unique<char[]>(kTextBlock));
        text_used_ = 0;
    }
    char* to = text_.back().get() + text_used_;
    std::memcpy(to, word.original.data(), word.original.size());
    if (!same) {
        std::memcpy(to + word.original.size(), word.folded.data(), word.folded.size());
    }
    Occurrence added;
    added.text = (text_.size() - 1) * kTextBlock + text_used_;
    added.count = 0;
    added.last_row = UINT32_MAX;
    added.original_size = static_cast<std::uint16_t>(word.original.size());
    added.folded_size = static_cast<std::uint16_t>(word.folded.size());
    added.word_class = word.word_class;
    added.same = same;
    text_used_ += bytes;

    const std::uint32_t id = static_cast<std::uint32_t>(occurrences_.size());
    occurrences_.push_back(added);
    slots_[at] = std::uint64_t{hash} << 32 | (id + 1);
    if (occurrences_.size() * 2 > slots_.size()) {
        GrowWords();
    }
    return id;
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
        std::vector<std::uint64_t> grown(shape_slots_.size() * 2);
        mask = grown.size() - 1;
        for (const std::uint64_t slot : shape_slots_) {
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
        const std::uint32_t id = OccurrenceId(word);
        codes_.push_back(id);
        Occurrence& occurrence = occurrences_[id];
        if (occurrence.last_row != rows_) {
            occurrence.last_row = rows_;
            ++occurrence.count;
            ++word_occurrences_;
        }
    }
    ++rows_;
}

std::size_t ColumnAccumulator::memory_bytes() const {
    return codes_.bytes() + occurrences_.bytes() + slots_.size() * sizeof(std::uint64_t) +
           text_.size() * kTextBlock + shape_bytes_ + opaque_bytes_;
}

std::size_t ColumnAccumulator::emit_bytes() const {
    // Postings, then per occurrence: sort key, order, end of its postings and word id.
    return word_occurrences_ * sizeof(RowOrdinal) +
           occurrences_.size() * (sizeof(SortKey) + 4 * sizeof(std::uint32_t));
}

std::vector<std::uint32_t> ColumnAccumulator::Sorted(void (*poll)()) const {
    std::vector<SortKey> keys(occurrences_.size());
    for (std::uint32_t id = 0; id < keys.size(); ++id) {
        keys[id] = {SortPrefix(Folded(occurrences_[id])), id};
    }
    std::uint32_t comparisons = 0;
    std::sort(keys.begin(), keys.end(), [&](const SortKey& a, const SortKey& b) {
        Poll(poll, ++comparisons);
        if (a.prefix != b.prefix) {
            return a.prefix < b.prefix;
        }
        const Occurrence& left = occurrences_[a.id];
        const Occurrence& right = occurrences_[b.id];
        if (const int order = Folded(left).compare(Folded(right)); order != 0) {
            return order < 0;
        }
        if (const int order = Original(left).compare(Original(right)); order != 0) {
            return order < 0;
        }
        return left.word_class < right.word_class;
    });
    std::vector<std::uint32_t> order(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        order[i] = keys[i].id;
    }
    return order;
}

void ColumnAccumulator::Emit(SegmentWriter& writer, void (*poll)()) const {
    writer.BeginColumn();
    const std::vector<std::uint32_t> order = Sorted(poll);

    // Counting pass: where each occurrence's ordinals go, then the ordinals.
    std::vector<RowOrdinal> postings(word_occurrences_);
    std::vector<std::uint32_t> end(occurrences_.size());
    std::uint32_t start = 0;
    for (const std::uint32_t id : order) {
        end[id] = start;
        start += occurrences_[id].count;
    }
    std::vector<RowOrdinal> last(occurrences_.size(), UINT32_MAX);
    std::size_t at = 0;
    for (RowOrdinal row = 0; row < rows_; ++row) {
        Poll(poll, row);
        const std::uint32_t code = codes_[at++];
        if (code < kFirstShape) {
            continue;
        }
        for (std::uint32_t n = shapes_[code - kFirstShape].words; n > 0; --n) {
            const std::uint32_t id = codes_[at++];
            if (last[id] != row) {
                last[id] = row;
                postings[end[id]++] = row;
            }
        }
    }

    // The words, each with its classes; `last` now becomes the occurrences' word ids.
    std::vector<std::uint32_t>& word_of = last;
    for (std::size_t i = 0; i < order.size();) {
        Poll(poll, i);
        const Occurrence& first = occurrences_[order[i]];
        const std::string_view original = Original(first);
        writer.BeginWord(Folded(first), original);
        std::size_t next = i;
        for (; next < order.size() && Original(occurrences_[order[next]]) == original; ++next) {
            const Occurrence& o = occurrences_[order[next]];
            writer.AddPostings(o.word_class, postings.data() + (end[order[next]] - o.count),
                               o.count);
        }
        const std::uint32_t word = Raw(writer.EndWord());
        for (; i < next; ++i) {
            word_of[order[i]] = word;
        }
    }

    at = 0;
    for (RowOrdinal row = 0; row < rows_; ++row) {
        Poll(poll, row);
        const std::uint32_t code = codes_[at++];
        if (code == kNullRow) {
            writer.AddNull(row);
        } else if (code >= kFirstShape) {
            at += shapes_[code - kFirstShape].words;
        }
    }
    for (const Shape& shape : shapes_) {
        writer.AddShape(shape.text, shape.rows);
    }
    writer.ObserveRows(nulls_, opaque_.size());
    writer.BeginRows();
    WordId words[kMaxWordsPerValue];
    std::size_t opaque = 0;
    at = 0;
    for (RowOrdinal row = 0; row < rows_; ++row) {
        Poll(poll, row);
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

RowAccumulator::RowAccumulator(std::uint32_t column_count) : columns_(column_count) {}

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

std::size_t RowAccumulator::memory_bytes() const {
    std::size_t bytes = tids_.bytes();
    std::size_t emit = 0;
    for (const ColumnAccumulator& column : columns_) {
        bytes += column.memory_bytes();
        emit = std::max(emit, column.emit_bytes());
    }
    return bytes + emit;
}

bool RowAccumulator::full() const {
    return std::any_of(columns_.begin(), columns_.end(),
                       [](const ColumnAccumulator& column) { return column.full(); });
}

SegmentStats RowAccumulator::Emit(PageSink& out, PageStoreFactory& temporary,
                                  const SegmentOptions& options,
                                  std::pmr::memory_resource* memory) const {
    SegmentWriter writer(out, temporary, static_cast<std::uint32_t>(columns_.size()), row_count(),
                         options, memory);
    for (std::size_t i = 0; i < tids_.size(); ++i) {
        writer.AddTid(tids_[i]);
    }
    for (const ColumnAccumulator& column : columns_) {
        column.Emit(writer, options.poll);
    }
    return writer.Finish();
}

}  // namespace namedex::core
