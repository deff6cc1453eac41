#include "core/segment_merger.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/monotone_map.hpp"
#include "core/poll.hpp"

namespace namedex::core {

namespace {

// Rows [first, first + count) of a source are the next rows of the result.
struct Origin {
    std::uint32_t source;
    RowOrdinal first;
    std::uint32_t count;
};

// The rows of the result by where they come from, in order, in temporary pages: as many origins as
// there are rows if rows of the sources take turns.
class Origins {
  public:
    explicit Origins(PageStoreFactory& temporary)
        : store_(temporary.Create()), writer_(std::make_unique<SectionWriter>(*store_)) {}

    void Add(std::uint32_t source, RowOrdinal row) {
        if (open_.count > 0 && open_.source == source && open_.first + open_.count == row) {
            ++open_.count;
            return;
        }
        Write();
        open_ = {source, row, 1};
    }

    // After the last Add.
    void Seal() {
        Write();
        writer_->Finish();
        writer_.reset();
    }

    template <typename Visit>
    void ForEach(Visit&& visit) {
        for (std::uint32_t page = 0; page < store_->page_count(); ++page) {
            const PinnedPage pinned(*store_, page);
            for (std::uint32_t at = 0; at + sizeof(Origin) <= pinned.used(); at += sizeof(Origin)) {
                Origin origin;
                std::memcpy(&origin, pinned.payload() + at, sizeof origin);
                visit(origin);
            }
        }
    }

  private:
    void Write() {
        if (open_.count > 0) {
            writer_->Append(&open_, sizeof open_);
        }
    }

    std::unique_ptr<PageStore> store_;
    std::unique_ptr<SectionWriter> writer_;
    Origin open_{};
};

// What became of the words of a source's column.
struct WordMap {
    explicit WordMap(std::pmr::memory_resource* memory) : ids(memory) {}

    // The next word has no row any more; `next_id` keeps the order.
    void PushGone(std::uint32_t next_id) {
        gone.resize(ids.size() + 1);
        gone.back() = true;
        ids.Push(next_id);
    }

    std::uint32_t At(std::uint32_t word) const {
        if (word >= ids.size() || (word < gone.size() && gone[word])) {
            ThrowCorrupt("a row holds a word that has no posting for it");
        }
        return ids.At(word);
    }

    MonotoneMap ids;
    std::vector<bool> gone;  // up to the last such word
};

// Reads a source's live TIDs in order.
class TidCursor {
  public:
    TidCursor(const MergeSource& source, void (*poll)()) : source_(source), poller_(poll) {
        Advance();
    }

    bool done() const { return at_ == batch_.size(); }
    Tid tid() const { return batch_[at_].tid; }
    RowOrdinal row() const { return batch_[at_].row; }

    void Advance() {
        if (at_ < batch_.size() && ++at_ < batch_.size()) {
            return;
        }
        batch_.clear();
        at_ = 0;
        const std::uint32_t rows = source_.segment->row_count();
        while (batch_.empty() && next_ < rows) {
            const RowOrdinal hi = std::min<std::uint64_t>(rows, std::uint64_t{next_} + 4096);
            source_.segment->tids().ForEach(next_, hi, [this](RowOrdinal row, Tid tid) {
                poller_.Step();  // a long stretch of dead rows is passed over here
                if (source_.dead == nullptr || !source_.dead->Test(row)) {
                    batch_.push_back({tid, row});
                }
            });
            next_ = hi;
        }
    }

  private:
    struct Row {
        Tid tid;
        RowOrdinal row;
    };
    MergeSource source_;
    Poller poller_;
    RowOrdinal next_ = 0;
    std::vector<Row> batch_;
    std::size_t at_ = 0;
};

// Reads a source's words in order, some at a time, keeping copies of what the pages show.
class WordCursor {
  public:
    struct Word {
        std::string folded;
        std::string original;
        ClassMask mask;
        ListRef lists[kWordClasses];
        std::pmr::vector<RowOrdinal> few[kWordClasses];
    };

    explicit WordCursor(ColumnReader& column, std::uint32_t row_count)
        : lexicon_(&column.lexicon()), row_count_(row_count) {
        Fill();
    }

    bool done() const { return at_ == count_; }
    const Word& word() const { return batch_[at_]; }
    WordId id() const { return WordId{first_ + at_}; }

    void Advance() {
        if (++at_ == count_) {
            Fill();
        }
    }

  private:
    static constexpr std::uint32_t kBatch = 128;

    void Fill() {
        first_ += count_;
        at_ = 0;
        count_ = std::min(kBatch, lexicon_->word_count() - first_);
        if (count_ == 0) {
            return;
        }
        batch_.resize(kBatch);
        std::uint32_t n = 0;
        lexicon_->FindRange({first_, first_ + count_}, [&](const WordHit& hit) {
            // The batch before this one was full: its last word is still there.
            const Word* previous = n > 0 ? &batch_[n - 1] : first_ > 0 ? &batch_.back() : nullptr;
            Word& word = batch_.at(n++);
            original_.clear();
            AppendOriginal(hit.folded, hit.entry, original_);
            if (hit.folded.empty() || original_.empty() ||
                (previous != nullptr && !Precedes(*previous, hit.folded, original_))) {
                ThrowCorrupt("words of a lexicon are out of order");
            }
            if (hit.folded.size() > kMaxWordBytes ||
                hit.folded.find('\0') != std::string_view::npos) {
                ThrowCorrupt("a word of a lexicon is not one");
            }
            word.folded.assign(hit.folded);
            word.original.swap(original_);
            word.mask = hit.entry.mask;
            for (int c = 0; c < kWordClasses; ++c) {
                word.few[c].clear();
                if ((word.mask >> c & 1) == 0) {
                    continue;
                }
                word.lists[c] = hit.entry.lists[c];
                if (hit.entry.Inlined(static_cast<WordClass>(c))) {
                    hit.entry.AppendInline(static_cast<WordClass>(c), row_count_, word.few[c]);
                }
            }
        });
        if (n != count_) {
            ThrowCorrupt("a lexicon holds fewer words than it counts");
        }
    }

    static bool Precedes(const Word& word, std::string_view folded, std::string_view original) {
        const int order = std::string_view(word.folded).compare(folded);
        return order < 0 || (order == 0 && std::string_view(word.original) < original);
    }

    LexiconReader* lexicon_;
    std::uint32_t row_count_;
    std::string original_;
    std::uint32_t first_ = 0;
    std::uint32_t at_ = 0;
    std::uint32_t count_ = 0;
    std::vector<Word> batch_;
};

class Merger {
  public:
    Merger(const std::vector<MergeSource>& sources, std::pmr::memory_resource* memory,
           void (*poll)())
        : sources_(sources), memory_(memory), poll_(poll), poller_(poll) {
        for (std::size_t s = 0; s < sources.size(); ++s) {
            targets_.emplace_back(memory);
        }
    }

    SegmentStats Run(PageSink& out, PageStoreFactory& temporary, const SegmentOptions& options) {
        const std::uint32_t columns = sources_.at(0).segment->column_count();
        const IncludeTypes includes = sources_[0].segment->header().include_types();
        std::uint64_t rows = 0;
        for (const MergeSource& source : sources_) {
            if (source.segment->column_count() != columns) {
                ThrowCorrupt("segments of one index have different numbers of columns");
            }
            if (source.segment->header().include_types() != includes) {
                ThrowCorrupt("segments of one index have different INCLUDE columns");
            }
            rows += source.segment->row_count() - (source.dead ? source.dead->Count() : 0);
        }
        if (rows > kMaxSegmentRows) {
            ThrowTooLarge("a segment cannot hold more than " + std::to_string(kMaxSegmentRows) +
                          " rows");
        }
        row_count_ = static_cast<std::uint32_t>(rows);
        SegmentWriter writer(out, temporary, columns, row_count_, options, memory_, includes);
        origins_ = std::make_unique<Origins>(temporary);
        MergeTids(writer);
        for (std::uint32_t column = 0; column < columns; ++column) {
            MergeColumn(writer, column);
        }
        for (std::uint32_t include = 0; include < includes.size(); ++include) {
            MergeInclude(writer, include);
        }
        return writer.Finish();
    }

  private:
    void MergeTids(SegmentWriter& writer) {
        std::vector<TidCursor> cursors;
        for (const MergeSource& source : sources_) {
            cursors.emplace_back(source, poll_);
        }
        Tid last;
        for (RowOrdinal target = 0; target < row_count_; ++target) {
            poller_.Step();
            std::uint32_t least = UINT32_MAX;
            for (std::uint32_t s = 0; s < cursors.size(); ++s) {
                if (cursors[s].done()) {
                    continue;
                }
                if (least != UINT32_MAX && cursors[s].tid() == cursors[least].tid()) {
                    ThrowCorrupt("a row is alive in two segments");
                }
                if (least == UINT32_MAX || cursors[s].tid() < cursors[least].tid()) {
                    least = s;
                }
            }
            if (least == UINT32_MAX) {
                ThrowCorrupt("segments hold fewer rows than they count");
            }
            TidCursor& cursor = cursors[least];
            if (target > 0 && !(last < cursor.tid())) {
                ThrowCorrupt("heap addresses of the rows do not ascend");
            }
            last = cursor.tid();
            writer.AddTid(last);
            for (MonotoneMap& targets = targets_[least]; targets.size() <= cursor.row();) {
                poller_.Step();
                targets.Push(target);  // also for dead rows before it, of which nobody will ask
            }
            origins_->Add(least, cursor.row());
            cursor.Advance();
        }
        for (std::uint32_t s = 0; s < sources_.size(); ++s) {
            targets_[s].Seal();
            sources_[s].segment->Release();
        }
        origins_->Seal();
    }

    // Translates rows of a source, appending to `out`; rows that are gone are dropped.
    void Translate(std::uint32_t source, const RowOrdinal* rows, std::size_t size,
                   std::vector<RowOrdinal>& out) const {
        const MonotoneMap& targets = targets_[source];
        const RowBitmap* dead = sources_[source].dead;
        for (std::size_t i = 0; i < size; ++i) {
            // Behind the last live row there is no target.
            if (rows[i] < targets.size() && (dead == nullptr || !dead->Test(rows[i]))) {
                out.push_back(targets.At(rows[i]));
            }
        }
    }

    // Collects the translated ordinals of the sources' lists; Flush hands them on in order.
    class Gather {
      public:
        explicit Gather(Merger& merger) : merger_(merger), bits_(merger.memory_) {}

        void Add(std::uint32_t source, const RowOrdinal* rows, std::size_t size) {
            merger_.Translate(source, rows, size, rows_);
            if (rows_.size() > kMany) {
                if (!use_bits_) {
                    bits_.Reset(0, merger_.row_count_);
                    use_bits_ = true;
                }
                for (const RowOrdinal row : rows_) {
                    bits_.Set(row);
                }
                rows_.clear();
            }
        }

        void AddList(std::uint32_t source, ColumnReader& column, const ListRef& list) {
            PostingCursor cursor(column.Section(ColumnSection::kPostings),
                                 merger_.sources_[source].segment->row_count(), list);
            for (OrdinalSpan span = cursor.Next(); span.size > 0; span = cursor.Next()) {
                merger_.poller_.Step();
                Add(source, span.data, span.size);
            }
        }

        // take(rows, size), ascending, in one or several calls.
        template <typename Take>
        void Flush(Take&& take) {
            if (use_bits_) {
                for (const RowOrdinal row : rows_) {
                    bits_.Set(row);
                }
                rows_.clear();
                bits_.ForEach([&](RowOrdinal row) {
                    rows_.push_back(row);
                    if (rows_.size() == 4096) {
                        take(rows_.data(), rows_.size());
                        rows_.clear();
                    }
                });
                use_bits_ = false;
            } else if (!std::is_sorted(rows_.begin(), rows_.end())) {
                std::sort(rows_.begin(), rows_.end());
            }
            if (!rows_.empty()) {
                take(rows_.data(), rows_.size());
            }
            rows_.clear();
        }

      private:
        static constexpr std::size_t kMany = std::size_t{1} << 18;
        Merger& merger_;
        std::vector<RowOrdinal> rows_;
        RowBitmap bits_;
        bool use_bits_ = false;
    };

    void MergeWords(SegmentWriter& writer, std::uint32_t column, std::vector<WordMap>& words) {
        std::vector<WordCursor> cursors;
        for (std::uint32_t s = 0; s < sources_.size(); ++s) {
            SegmentReader& segment = *sources_[s].segment;
            cursors.emplace_back(segment.column(column), segment.row_count());
            words.emplace_back(memory_);
        }
        Gather gather(*this);
        std::uint32_t next_id = 0;
        std::vector<std::uint32_t> group;
        for (;;) {
            poller_.Step();
            group.clear();
            for (std::uint32_t s = 0; s < cursors.size(); ++s) {
                if (cursors[s].done()) {
                    continue;
                }
                int order = -1;
                if (!group.empty()) {
                    const WordCursor::Word& least = cursors[group[0]].word();
                    const WordCursor::Word& word = cursors[s].word();
                    order = word.folded.compare(least.folded);
                    if (order == 0) {
                        order = word.original.compare(least.original);
                    }
                }
                if (order < 0) {
                    group.clear();
                }
                if (order <= 0) {
                    group.push_back(s);
                }
            }
            if (group.empty()) {
                break;
            }
            const WordCursor::Word& first = cursors[group[0]].word();
            bool alive = false;
            for (int c = 0; c < kWordClasses; ++c) {
                for (const std::uint32_t s : group) {
                    const WordCursor::Word& word = cursors[s].word();
                    if ((word.mask >> c & 1) == 0) {
                        continue;
                    }
                    if (word.lists[c].count == 0) {
                        gather.Add(s, word.few[c].data(), word.few[c].size());
                    } else {
                        gather.AddList(s, sources_[s].segment->column(column), word.lists[c]);
                    }
                }
                gather.Flush([&](const RowOrdinal* rows, std::size_t size) {
                    if (!alive) {
                        writer.BeginWord(first.folded, first.original);
                        alive = true;
                    }
                    writer.AddPostings(static_cast<WordClass>(c), rows, size);
                });
            }
            const std::uint32_t id = alive ? Raw(writer.EndWord()) : next_id;
            next_id = alive ? id + 1 : next_id;
            for (const std::uint32_t s : group) {
                if (alive) {
                    words[s].ids.Push(id);
                } else {
                    words[s].PushGone(next_id);
                }
                cursors[s].Advance();
            }
        }
        for (WordMap& map : words) {
            map.ids.Seal();
        }
    }

    void MergeNulls(SegmentWriter& writer, std::uint32_t column, std::uint64_t* nulls) {
        Gather gather(*this);
        for (std::uint32_t s = 0; s < sources_.size(); ++s) {
            ColumnReader& reader = sources_[s].segment->column(column);
            if (reader.header().nulls.count > 0) {
                gather.AddList(s, reader, reader.header().nulls);
            }
        }
        gather.Flush([&](const RowOrdinal* rows, std::size_t size) {
            *nulls += size;
            for (std::size_t i = 0; i < size; ++i) {
                writer.AddNull(rows[i]);
            }
        });
    }

    // Shapes get their ids here; how often each occurs only tunes the row codes, so a sample
    // counts.
    void MergeShapes(SegmentWriter& writer, std::uint32_t column,
                     std::vector<std::vector<ShapeId>>& shape_ids) {
        constexpr std::uint32_t kSample = 16;
        std::unordered_map<std::string, std::uint32_t> index;
        std::vector<std::uint64_t> counts;
        std::vector<const std::string*> texts;
        for (std::uint32_t s = 0; s < sources_.size(); ++s) {
            ForwardReader& forward = sources_[s].segment->column(column).forward();
            shape_ids.emplace_back(forward.shape_count());
            for (std::uint32_t shape = 0; shape < forward.shape_count(); ++shape) {
                const auto [it, added] =
                    index.emplace(std::string(forward.ShapeText(shape)), counts.size());
                if (added) {
                    counts.push_back(1);
                    texts.push_back(&it->first);
                }
                shape_ids[s][shape] = ShapeId{it->second};
            }
            for (RowOrdinal row = 0; row < sources_[s].segment->row_count(); row += kSample) {
                poller_.Step();
                forward.Read(row, row_);
                if (row_.kind == ForwardReader::kRegular) {
                    counts[Raw(shape_ids[s].at(row_.shape))] += kSample;
                }
            }
        }
        for (std::size_t i = 0; i < counts.size(); ++i) {
            writer.AddShape(*texts[i], counts[i]);
        }
    }

    std::uint64_t LiveOpaque(std::uint32_t column) {
        std::uint64_t live = 0;
        for (const MergeSource& source : sources_) {
            ColumnReader& reader = source.segment->column(column);
            if (reader.header().opaque_count == 0) {
                continue;
            }
            const BlobReader& opaque = reader.opaque();
            for (std::uint32_t id = 0; id < opaque.count(); ++id) {
                poller_.Step();
                if (source.dead == nullptr || !source.dead->Test(opaque.Ordinal(id))) {
                    ++live;
                }
            }
        }
        return live;
    }

    void MergeColumn(SegmentWriter& writer, std::uint32_t column) {
        writer.BeginColumn();
        std::vector<WordMap> words;
        MergeWords(writer, column, words);
        std::uint64_t nulls = 0;
        MergeNulls(writer, column, &nulls);
        std::vector<std::vector<ShapeId>> shape_ids;
        MergeShapes(writer, column, shape_ids);
        writer.ObserveRows(nulls, LiveOpaque(column));
        writer.BeginRows();

        std::string original;
        std::string folded;
        origins_->ForEach([&](const Origin& origin) {
            ColumnReader& reader = sources_[origin.source].segment->column(column);
            ForwardReader& forward = reader.forward();
            const WordMap& word_map = words[origin.source];
            for (std::uint32_t i = 0; i < origin.count; ++i) {
                poller_.Step();
                forward.Read(origin.first + i, row_);
                if (row_.kind == ForwardReader::kNull) {
                    if (nulls-- == 0) {
                        ThrowCorrupt("a column has more NULLs than its list of them");
                    }
                    writer.AddNullRow();
                } else if (row_.kind == ForwardReader::kOpaque) {
                    if (reader.opaque().Ordinal(row_.opaque_id) != origin.first + i) {
                        ThrowCorrupt("an opaque value belongs to another row");
                    }
                    reader.opaque().Read(row_.opaque_id, original, folded);
                    writer.AddOpaqueRow(original, folded);
                } else {
                    for (std::uint16_t w = 0; w < row_.words; ++w) {
                        row_.word[w] = WordId{word_map.At(Raw(row_.word[w]))};
                    }
                    writer.AddRow(shape_ids[origin.source].at(row_.shape), row_.word, row_.words);
                }
            }
        });
        writer.EndColumn();
        for (const MergeSource& source : sources_) {
            source.segment->Release();
        }
    }

    void MergeInclude(SegmentWriter& writer, std::uint32_t include) {
        writer.BeginInclude();
        origins_->ForEach([&](const Origin& origin) {
            IncludeReader& reader = sources_[origin.source].segment->include(include);
            std::string_view value;
            for (std::uint32_t i = 0; i < origin.count; ++i) {
                poller_.Step();
                if (reader.Read(origin.first + i, value)) {
                    writer.AddInclude(value);
                } else {
                    writer.AddIncludeNull();
                }
            }
        });
        writer.EndInclude();
        for (const MergeSource& source : sources_) {
            source.segment->Release();
        }
    }

    const std::vector<MergeSource>& sources_;
    std::pmr::memory_resource* memory_;
    void (*poll_)();
    Poller poller_;
    std::uint32_t row_count_ = 0;
    std::vector<MonotoneMap> targets_;  // of each source's rows, up to the last live one
    std::unique_ptr<Origins> origins_;
    ForwardReader::Row row_;
};

}  // namespace

SegmentStats MergeSegments(const std::vector<MergeSource>& sources, PageSink& out,
                           PageStoreFactory& temporary, const SegmentOptions& options,
                           std::pmr::memory_resource* memory) {
    Merger merger(sources, memory, options.poll);
    return merger.Run(out, temporary, options);
}

}  // namespace namedex::core
