// Damaged segments: a script of bytes says what to change in the pages of a sound one, and all that
// reads segments is let loose on the result. Shared by a unit test with random scripts and by the
// fuzz target.
//
// Script: operations of six bytes, a rest of fewer is ignored:
//     u8 what (modulo 8), u8 page (modulo the number of pages), u16 offset (modulo what is used of
//     the page, or the page's size where that is meant), u16 value
// Each operation sees what those before it have done.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <map>
#include <memory_resource>
#include <string>
#include <utility>
#include <vector>

#include "core/segment_check.hpp"
#include "core/segment_merger.hpp"
#include "core/segment_query.hpp"
#include "reference/random_table.hpp"

namespace namedex::reference {

// The pages of another source, some replaced by changed copies.
class DamagedPages final : public core::PageSource {
  public:
    explicit DamagedPages(core::MemoryPages& sound) : sound_(&sound) {}

    Pin Acquire(std::uint32_t page) override {
        const auto changed = changed_.find(page);
        if (changed == changed_.end()) {
            const Pin pin = sound_->Acquire(page);
            sound_->Release(pin);
            ++pinned_;
            return pin;
        }
        ++pinned_;
        return {changed->second.bytes.data(), changed->second.used, page};
    }
    void Release(const Pin&) noexcept override { --pinned_; }
    long pinned() const { return pinned_; }
    std::uint32_t page_count() const { return sound_->page_count(); }

    void Apply(const std::uint8_t* script, std::size_t size) {
        for (; size >= 6; script += 6, size -= 6) {
            const std::uint32_t page = script[1] % page_count();
            Page& changed = Change(page);
            const std::uint32_t place = core::LoadLe<std::uint16_t>(script + 2);
            const auto value = core::LoadLe<std::uint16_t>(script + 4);
            const std::uint32_t used = std::max<std::uint32_t>(changed.used, 1);
            std::uint8_t* at = changed.bytes.data() + place % used;
            const std::size_t left = core::kPagePayload - place % used;
            switch (script[0] % 8) {
                case 0:
                    *at = static_cast<std::uint8_t>(value);
                    break;
                case 1:
                    *at = static_cast<std::uint8_t>(*at ^ (1u << value % 8));
                    break;
                case 2:  // a number of up to 32 bits, written by its first and last byte
                    if (left >= 4) {
                        at[0] = static_cast<std::uint8_t>(value);
                        at[1] = at[2] = 0;
                        at[3] = static_cast<std::uint8_t>(value >> 8);
                    }
                    break;
                case 3:
                    *at = static_cast<std::uint8_t>(*at + 1 - 2 * (value & 1));
                    break;
                case 4:
                    changed.used = place % (core::kPagePayload + 1);
                    break;
                case 5: {
                    Page& other = Change(value % page_count());
                    std::swap(changed.bytes, other.bytes);
                    std::swap(changed.used, other.used);
                    break;
                }
                case 6:
                    std::memset(at, value & 0xFF, std::min<std::size_t>(left, value >> 8));
                    break;
                default: {  // bytes from elsewhere in the page
                    const std::size_t from = value % used;
                    std::memmove(
                        at, changed.bytes.data() + from,
                        std::min({std::size_t{32}, left, std::size_t{core::kPagePayload} - from}));
                    break;
                }
            }
        }
    }

  private:
    struct Page {
        std::vector<std::uint8_t> bytes;
        std::uint32_t used = 0;
    };

    Page& Change(std::uint32_t page) {
        const auto [it, added] = changed_.try_emplace(page);
        if (added) {
            const Pin pin = sound_->Acquire(page);
            it->second.bytes.assign(pin.payload, pin.payload + core::kPagePayload);
            it->second.used = pin.used;
            sound_->Release(pin);
        }
        return it->second;
    }

    core::MemoryPages* sound_;
    std::map<std::uint32_t, Page> changed_;
    long pinned_ = 0;
};

// Memory that ends: a reader that trusts a stored number runs into it.
class LimitedMemory final : public std::pmr::memory_resource {
  public:
    explicit LimitedMemory(std::size_t limit) : limit_(limit) {}
    std::size_t used() const { return used_; }

  private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
        if (bytes > limit_ - used_) {
            throw std::bad_alloc();
        }
        void* memory = std::pmr::new_delete_resource()->allocate(bytes, alignment);
        used_ += bytes;
        return memory;
    }
    void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
        used_ -= bytes;
        std::pmr::new_delete_resource()->deallocate(memory, bytes, alignment);
    }
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }

    std::size_t limit_;
    std::size_t used_ = 0;
};

// A sound segment to damage, what to ask of it, and one to merge it with.
struct DamageSubject {
    RuleFolder folder{RuleFolder::Rules::kContext};
    core::MemoryPages pages;
    core::MemoryPages other;
    std::vector<std::vector<core::Condition>> conjunctions;

    DamageSubject(std::uint64_t seed, const TableShape& shape, int queries) {
        Random random(seed);
        const NaiveTable table = RandomTable(random, shape, folder);
        std::vector<std::uint32_t> rows[2];
        for (std::uint32_t row = 0; row < table.row_count(); ++row) {
            rows[random.Percent(20) ? 1 : 0].push_back(row);
        }
        BuildSegment(Select(table, rows[0]), folder, {}, pages);
        BuildSegment(Select(table, rows[1]), folder, {}, other);
        for (int i = 0; i < queries; ++i) {
            conjunctions.push_back(
                CompileAll(RandomConjunction(random, table, folder), folder.encoding));
        }
    }
};

struct DamageReport {
    std::string fault;  // what must not have happened
    std::uint32_t answers = 0;
    std::uint32_t errors = 0;
};

// Reads an INCLUDE column in order and out of it, going on after errors.
template <typename Attempt>
void ReadDamagedInclude(core::SegmentReader& segment, std::uint32_t number, Attempt& attempt) {
    const std::uint32_t rows = segment.row_count();
    const bool is_number = segment.include_type(number).kind == core::IncludeKind::kNumber;
    const auto read = [&](core::RowOrdinal row) {
        return attempt("include", [&] {
            std::string_view value;
            std::int64_t as_number = 0;
            if (!segment.include(number).Read(row, value)) {
                return;
            }
            if (is_number ? value.size() != segment.include_type(number).width
                          : value.size() > core::kMaxIncludeBytes) {
                core::ThrowInternal("a value of an impossible size was read");
            }
            const std::string copy(value);
            if (is_number && segment.include(number).ReadNumber(row, as_number) &&
                copy != NumberBytes(as_number, static_cast<unsigned>(copy.size()))) {
                core::ThrowInternal("a number is not the value's");
            }
        });
    };
    int failed = 0;
    for (core::RowOrdinal row = 0; row < rows && failed < 20; ++row) {
        failed += read(row) ? 0 : 1;
    }
    for (core::RowOrdinal row = rows; row > 0 && failed < 40;) {
        row -= std::min(row, 1 + row % 37);
        failed += read(row) ? 0 : 1;
    }
}

// Opens the segment, asks all queries, reads words, TIDs and many values, those of INCLUDE columns
// all, verifies, and merges.
inline DamageReport Exercise(DamageSubject& subject, DamagedPages& pages) {
    DamageReport report;
    LimitedMemory memory(std::size_t{256} << 20);
    // Whether `work` ended in a result.
    const auto attempt = [&report](const char* name, auto&& work) {
        try {
            work();
            ++report.answers;
            return true;
        } catch (const core::Error& error) {
            ++report.errors;
            if (error.code() != core::ErrorCode::kCorrupt &&
                error.code() != core::ErrorCode::kVersionMismatch &&
                error.code() != core::ErrorCode::kTooLarge) {
                report.fault = std::string(name) + ": " + error.message();
            }
        } catch (const std::exception& error) {
            report.fault = std::string(name) + ": " + error.what();
        }
        return false;
    };
    {
        std::unique_ptr<core::SegmentReader> segment;
        if (!attempt("open", [&] {
                segment = std::make_unique<core::SegmentReader>(pages, pages.page_count(), &memory);
            })) {
            return report;
        }
        const std::uint32_t rows = segment->row_count();
        const std::vector<const core::Folder*> folders(segment->column_count(), &subject.folder);
        for (const auto& conjunction : subject.conjunctions) {
            attempt("query", [&] {
                for (const core::Condition& condition : conjunction) {
                    if (condition.column >= segment->column_count()) {
                        return;
                    }
                }
                core::SegmentQuery query(*segment, conjunction, folders, &memory, nullptr);
                core::RowSet found(&memory);
                for (const auto& window : {std::pair{0u, rows}, std::pair{rows / 3, rows / 2}}) {
                    const std::uint32_t lo = window.first;
                    const std::uint32_t hi = window.second;
                    query.Evaluate(lo, hi, found);
                    core::RowBitmap bits(&memory);
                    bits.Reset(0, rows);
                    found.ForEach([&](core::RowOrdinal row) {
                        if (row < lo || row >= hi) {
                            core::ThrowInternal("a row outside the window was found");
                        }
                        bits.Set(row);
                    });
                    segment->tids().ForEachSet(
                        bits, [](std::uint32_t, const std::uint16_t*, std::size_t) {});
                }
            });
        }
        attempt("tids",
                [&] { segment->tids().ForEach(0, rows, [](core::RowOrdinal, core::Tid) {}); });
        for (std::uint32_t c = 0; c < segment->column_count(); ++c) {
            int failed = 0;
            for (core::RowOrdinal row = 0; row < rows && failed < 20; row += 1 + rows / 200) {
                failed += attempt("value", [&] { ReadValue(segment->column(c), row); }) ? 0 : 1;
            }
            core::OriginalReader originals(segment->column(c));
            failed = 0;
            for (core::RowOrdinal row = 0; row < rows && failed < 20; row += 1 + rows / 300) {
                failed += attempt("original", [&] { ReadOriginal(originals, row); }) ? 0 : 1;
            }
            attempt("words", [&] { ReadLexicon(segment->column(c), rows); });
        }
        for (std::uint32_t i = 0; i < segment->include_count(); ++i) {
            ReadDamagedInclude(*segment, i, attempt);
        }
        attempt("check", [&] { core::CheckSegment(*segment, folders, nullptr); });
        segment->Release();
        if (pages.pinned() != 0) {
            report.fault = "pages are still pinned";
        }
    }
    attempt("merge", [&] {
        core::SegmentReader segment(pages, pages.page_count(), &memory);
        core::SegmentReader other(subject.other, subject.other.page_count(), &memory);
        core::RowBitmap dead(&memory);
        dead.Reset(0, segment.row_count());
        for (core::RowOrdinal row = 3; row < segment.row_count(); row += 7) {
            dead.Set(row);
        }
        core::MemoryPages out;
        core::MemoryPagesFactory temporary;
        core::MergeSegments({{&segment, &dead}, {&other, nullptr}}, out, temporary, {}, &memory);
        core::SegmentReader merged(out, out.page_count(), &memory);
        for (std::uint32_t c = 0; c < merged.column_count(); ++c) {
            for (core::RowOrdinal row = 0; row < merged.row_count();
                 row += 1 + merged.row_count() / 50) {
                ReadValue(merged.column(c), row);
            }
        }
        for (std::uint32_t i = 0; i < merged.include_count(); ++i) {
            std::string_view value;
            for (core::RowOrdinal row = 0; row < merged.row_count(); ++row) {
                merged.include(i).Read(row, value);
            }
        }
    });
    if (pages.pinned() != 0 || subject.other.pinned() != 0) {
        report.fault = "pages are still pinned after the merge";
    }
    if (memory.used() != 0) {
        report.fault = "memory is not given back";
    }
    return report;
}

}  // namespace namedex::reference
