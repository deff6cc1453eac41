/*
 * namedex_stats(index): what an index holds, as one row.
 */
#include "am/index_snapshot.hpp"
#include "inspect/access.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"

namespace namedex::inspect {

namespace {

struct Stats {
    int64 rows = 0;
    int64 dead = 0;
    int64 pending = 0;
    int64 words = 0;
    int64 lexicon_pages = 0;
    int64 posting_pages = 0;
    int64 forward_pages = 0;
    int64 include_pages = 0;
    int32 segments = 0;
};

Stats Collect(Relation index) {
    Stats stats;
    am::IndexSnapshot contents(index, std::pmr::get_default_resource());
    contents.Open(
        nullptr, [&] { stats.pending = 0; },
        [&](const storage::PendingChain& chain) {
            return contents.VisitRows(chain, nullptr, [&](const ItemPointerData&, std::string_view) {
                ++stats.pending;
            });
        });
    for (const std::unique_ptr<am::OpenSegment>& segment : contents.segments()) {
        ++stats.segments;
        stats.rows += segment->pages.entry().rows;
        stats.dead += segment->pages.entry().dead;
        stats.include_pages += static_cast<int64>(segment->reader.header().include_pages());
        for (const core::ColumnHeader& column : segment->reader.header().columns) {
            const auto pages = [&column](std::initializer_list<core::ColumnSection> sections) {
                int64 sum = 0;
                for (const core::ColumnSection section : sections) {
                    sum += column[section].page_count;
                }
                return sum;
            };
            using core::ColumnSection;
            stats.words += column.word_count;
            stats.lexicon_pages += pages({ColumnSection::kLexicon, ColumnSection::kLexiconDirectory,
                                          ColumnSection::kGrams, ColumnSection::kGramDirectory});
            stats.posting_pages += pages({ColumnSection::kPostings});
            stats.forward_pages +=
                pages({ColumnSection::kForward, ColumnSection::kForwardDirectory,
                       ColumnSection::kForwardDictionary, ColumnSection::kOpaque,
                       ColumnSection::kOpaqueDirectory});
        }
    }
    return stats;
}

}  // namespace

}  // namespace namedex::inspect

NAMEDEX_FUNCTION(namedex_stats) {
    using namespace namedex;
    const Oid oid = PG_GETARG_OID(0);
    return pg::Enter(oid, [&] {
        Relation index = pg::Call([&] {
            return inspect::OpenIndex(oid, inspect::Right::kStats, AccessShareLock);
        });
        const inspect::Stats stats = inspect::Collect(index);
        return pg::Call([&] {
            TupleDesc descriptor;
            if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE) {
                elog(ERROR, "return type must be a row type");
            }
            const int64 bytes = static_cast<int64>(RelationGetNumberOfBlocks(index)) * BLCKSZ;
            Datum values[] = {Int32GetDatum(stats.segments),
                              Int64GetDatum(stats.rows),
                              Int64GetDatum(stats.dead),
                              Int64GetDatum(stats.pending),
                              Int64GetDatum(stats.words),
                              Int64GetDatum(bytes),
                              Int64GetDatum(stats.lexicon_pages * BLCKSZ),
                              Int64GetDatum(stats.posting_pages * BLCKSZ),
                              Int64GetDatum(stats.forward_pages * BLCKSZ),
                              Int64GetDatum(stats.include_pages * BLCKSZ)};
            bool nulls[lengthof(values)] = {};
            relation_close(index, AccessShareLock);
            return HeapTupleGetDatum(
                heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
        });
    });
}
