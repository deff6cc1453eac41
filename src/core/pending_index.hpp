// The pending rows in memory, indexed: what a backend keeps of them between its searches and
// extends by the rows that have come since.
//
//     PendingIndex index(column_count, include_types, memory, poll);
//     index.AddRow(tid);
//     index.column(0).AddRegular(split.words, split.shape);      // then every column, once
//     index.include(0).Add(bytes);
//     PendingQuery query(index, conditions, index.row_count(), memory, poll);
//
// Rows are numbered in the order of adding, whatever their TIDs are. Everything is appended
// (core/pending_column.hpp), so a query for the first n rows answers the same when more have been
// added since.
//
// An exception while a row is added (out of memory, a poll that stops the work, kTooLarge) leaves
// an index that is only fit to be destroyed. A row costs 8 bytes and what its columns take.
#pragma once

#include <cstdint>
#include <deque>
#include <memory_resource>

#include "core/append_array.hpp"
#include "core/include_rows.hpp"
#include "core/pending_column.hpp"
#include "core/tid_map.hpp"

namespace namedex::core {

class PendingIndex {
  public:
    // `poll` may be null; adding calls it when a table grows.
    PendingIndex(std::uint32_t column_count, const IncludeTypes& include_types,
                 std::pmr::memory_resource* memory, void (*poll)() = nullptr);
    PendingIndex(std::uint32_t column_count, std::pmr::memory_resource* memory,
                 void (*poll)() = nullptr)
        : PendingIndex(column_count, IncludeTypes{}, memory, poll) {}
    PendingIndex(const PendingIndex&) = delete;
    PendingIndex& operator=(const PendingIndex&) = delete;

    // Adds a row; then every column gets its value through column(i) and include(i).
    void AddRow(Tid tid) { tids_.push_back(tid); }
    PendingColumn& column(std::uint32_t i) { return columns_[i]; }
    const PendingColumn& column(std::uint32_t i) const { return columns_[i]; }
    IncludeRows& include(std::uint32_t i) { return includes_[i]; }
    const IncludeRows& include(std::uint32_t i) const { return includes_[i]; }

    std::uint32_t column_count() const { return static_cast<std::uint32_t>(columns_.size()); }
    std::uint32_t include_count() const { return static_cast<std::uint32_t>(includes_.size()); }
    std::uint32_t row_count() const { return static_cast<std::uint32_t>(tids_.size()); }
    Tid tid(RowOrdinal row) const { return tids_[row]; }
    // What the index takes from the resource, and itself.
    std::size_t memory_bytes() const;

  private:
    AppendArray<Tid> tids_;
    std::pmr::deque<PendingColumn> columns_;
    std::pmr::deque<IncludeRows> includes_;
};

}  // namespace namedex::core
