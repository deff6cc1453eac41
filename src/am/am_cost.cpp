/*
 * Cost: what a scan of the index will take, and how much of the table it selects.
 *
 * For comparisons with constants the lexicon is asked, just as the scan will ask it: the postings
 * behind the matching words bound the rows. Answers are kept for the few times the planner asks
 * again. Where the table's statistics say that many rows match, they mostly say it well enough, and
 * to search much of a large lexicon would take longer than a plan with LIMIT takes to run: then it
 * is not asked. Nor is it when the table has security quals, since EXPLAIN would tell of rows
 * that the user may not see, for a hypothetical index, or for values unknown when planning; the
 * server's own estimate serves then.
 *
 * Costs are measured times in nanoseconds, put in the planner's units by what a sequential scan
 * takes: it is charged cpu_tuple_cost + cpu_operator_cost (0.0125) a row for the 500 ns that ILIKE
 * takes.
 */
#include "am/am.hpp"
#include "am/index_snapshot.hpp"
#include "am/pending_cache.hpp"
#include "am/scan_keys.hpp"
#include "core/segment_query.hpp"
#include "pg/boundary.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "catalog/pg_statistic.h"
#include "optimizer/paths.h"
#include "parser/parsetree.h"
}

namespace namedex::am {

namespace {

constexpr double kCostPerNanosecond = 0.0125 / 500;
constexpr double kOpenCost = 15000;      // opening a scan: metapage, segments
constexpr double kSegmentCost = 5000;    // every segment's lexicon
constexpr double kReadWordCost = 40;     // a word of the lexicon looked at one by one
constexpr double kWordCost = 60;         // a word found, its entry read
constexpr double kBlockCost = 400;       // a block of the lexicon, searched
constexpr double kListCost = 200;        // a posting list looked up
constexpr double kPostingCost = 3;       // a posting, set in a bitmap
constexpr double kUnknownSearchCost = 100000;  // searching the lexicon for something not known yet
constexpr double kPendingRowCost = 400;   // reading, folding and matching a pending row
constexpr double kKeptRowCost = 1;        // searching a pending row's words, which are kept
constexpr double kRowsPerPendingPage = 150;
constexpr double kRowCost = 25;          // a row found: its TID, handed to the executor
// In an index-only scan, for a row found:
constexpr double kMapCost = 10;          // its page's bit in the visibility map
constexpr double kHeapRowCost = 400;     // looking it up in the heap, where the bit is not set
constexpr double kValueCost = 120;       // a key column's value, put together: 80 (a word) to 150
constexpr double kIncludeCost = 40;      // an INCLUDE column's value, read

struct Answer {
    double rows = 0;      // that satisfy the conditions, at most, less the share of all that is dead
    double all_rows = 0;  // in the index
    double pending_rows = 0;
    double search = 0;    // nanoseconds until the first row can be given
    double read = 0;      // nanoseconds for all rows, beside handing them on
};

// What this share of the rows satisfies is not looked up where that would take so long. It is five
// bounds of a full histogram at least: one may be a rare value.
constexpr double kFrequent = 0.05;
constexpr double kLongSearch = 100000;
// From so many bounds on the server estimates patterns by the histogram alone.
constexpr int kFullHistogram = 100;

// An array longer than this is not looked up twice, once to plan and once to scan.
constexpr int kMaxAskedElements = 100;

// The scan keys of an index path's clauses, as far as they compare with constants. The rest is
// counted.
class ConstantKeys {
  public:
    // This function ereports: it calls the server throughout and holds nothing with a destructor.
    static int Collect(IndexPath* path, ScanKeyData* keys, int* unknown) {
        int count = 0;
        ListCell* cell;
        foreach (cell, path->indexclauses) {
            auto* clause = lfirst_node(IndexClause, cell);
            ListCell* qual_cell;
            foreach (qual_cell, clause->indexquals) {
                auto* qual = lfirst_node(RestrictInfo, qual_cell);
                if (count < INDEX_MAX_KEYS &&
                    FromClause(path->indexinfo, clause->indexcol, qual->clause, &keys[count])) {
                    ++count;
                } else {
                    ++*unknown;
                }
            }
        }
        return count;
    }

  private:
    static int ArrayElements(Datum value) {
        const ArrayType* array = DatumGetArrayTypeP(value);
        return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
    }

    static bool FromClause(IndexOptInfo* index, int column, Expr* clause, ScanKeyData* key) {
        memset(key, 0, sizeof *key);
        key->sk_attno = static_cast<AttrNumber>(column + 1);
        if (IsA(clause, NullTest)) {
            const bool is_null =
                reinterpret_cast<NullTest*>(clause)->nulltesttype == IS_NULL;
            key->sk_flags = SK_ISNULL | (is_null ? SK_SEARCHNULL : SK_SEARCHNOTNULL);
            return true;
        }
        Oid op;
        Oid collation;
        Node* right;
        if (IsA(clause, OpExpr)) {
            auto* expr = reinterpret_cast<OpExpr*>(clause);
            op = expr->opno;
            collation = expr->inputcollid;
            right = static_cast<Node*>(lsecond(expr->args));
        } else if (IsA(clause, ScalarArrayOpExpr)) {
            auto* expr = reinterpret_cast<ScalarArrayOpExpr*>(clause);
            op = expr->opno;
            collation = expr->inputcollid;
            right = static_cast<Node*>(lsecond(expr->args));
            key->sk_flags = SK_SEARCHARRAY;
        } else {
            return false;
        }
        if (right != nullptr && IsA(right, RelabelType)) {
            right = reinterpret_cast<Node*>(reinterpret_cast<RelabelType*>(right)->arg);
        }
        if (right == nullptr || !IsA(right, Const)) {
            return false;
        }
        auto* constant = reinterpret_cast<Const*>(right);
        if ((key->sk_flags & SK_SEARCHARRAY) != 0 && !constant->constisnull &&
            ArrayElements(constant->constvalue) > kMaxAskedElements) {
            return false;
        }
        const int strategy = get_op_opfamily_strategy(op, index->opfamily[column]);
        if (strategy == 0) {
            return false;
        }
        if (constant->constisnull) {
            key->sk_flags |= SK_ISNULL;
        }
        Oid left_type;
        Oid right_type;
        int strategy_again;
        get_op_opfamily_properties(op, index->opfamily[column], false, &strategy_again, &left_type,
                                   &right_type);
        key->sk_strategy = static_cast<StrategyNumber>(strategy);
        key->sk_subtype = right_type;
        key->sk_collation = collation;
        key->sk_argument = constant->constvalue;
        fmgr_info(get_opcode(op), &key->sk_func);
        return true;
    }
};

// What a question was, as bytes: the index's contents, every key, and the share known of the
// table's statistics.
std::string Question(const storage::MetaData& meta, const ScanKeyData* keys, int count,
                     double share) {
    std::string text;
    const auto put = [&text](const void* data, std::size_t size) {
        text.append(static_cast<const char*>(data), size);
    };
    put(&meta.identity, sizeof meta.identity);
    put(&meta.generation, sizeof meta.generation);
    put(&share, sizeof share);
    // Inserts leave the generation as it is.
    put(meta.lanes, sizeof meta.lanes);
    put(meta.sealed, sizeof meta.sealed);
    for (int i = 0; i < count; ++i) {
        const ScanKeyData& key = keys[i];
        put(&key.sk_flags, sizeof key.sk_flags);
        put(&key.sk_attno, sizeof key.sk_attno);
        put(&key.sk_strategy, sizeof key.sk_strategy);
        put(&key.sk_subtype, sizeof key.sk_subtype);
        if ((key.sk_flags & SK_ISNULL) != 0) {
            continue;
        }
        const Oid type = (key.sk_flags & SK_SEARCHARRAY) != 0 ? TEXTARRAYOID : key.sk_subtype;
        if (type == TEXTOID || type == BPCHAROID || type == TEXTARRAYOID) {
            const auto* datum = reinterpret_cast<varlena*>(DatumGetPointer(key.sk_argument));
            put(datum, VARSIZE_ANY(datum));
        } else if (type == NAMEOID) {
            put(DatumGetPointer(key.sk_argument), NAMEDATALEN);
        } else if (type == UUIDOID) {
            put(DatumGetPointer(key.sk_argument), 16);
        } else {
            put(&key.sk_argument, sizeof key.sk_argument);
        }
    }
    return text;
}

struct Searching {
    double cost = 0;   // nanoseconds
    double words = 0;  // of the lexicons
};

// How long lexicons would be searched.
Searching SearchingOf(IndexSnapshot& contents, const IndexKeys& index_keys,
                      const ScanConditions& conditions) {
    Searching all;
    for (const std::unique_ptr<OpenSegment>& segment : contents.segments()) {
        for (const core::Condition& condition : conditions.conditions()) {
            all.cost += core::SegmentQuery::SearchCost(segment->reader, condition,
                                                       *index_keys.folders()[condition.column]);
            all.words += segment->reader.column(condition.column).header().word_count;
        }
    }
    return all;
}

// Searches them, and adds what that took and will take to the answer.
void Search(IndexSnapshot& contents, const IndexKeys& index_keys, const ScanConditions& conditions,
            Answer* answer) {
    for (const std::unique_ptr<OpenSegment>& segment : contents.segments()) {
        const storage::SegmentEntry& entry = segment->pages.entry();
        const double live = static_cast<double>(entry.rows) - entry.dead;
        if (conditions.nothing()) {
            break;
        }
        const core::SegmentQuery query(segment->reader, conditions.conditions(),
                                       index_keys.folders(), std::pmr::get_default_resource(),
                                       &pg::PollInterrupts);
        answer->rows += static_cast<double>(query.estimate()) * (live / entry.rows);
        answer->search += kSegmentCost + static_cast<double>(query.blocks_read()) * kBlockCost +
                         static_cast<double>(query.words_read()) * kReadWordCost +
                         static_cast<double>(query.words_found()) * kWordCost +
                         static_cast<double>(query.lists_found()) * kListCost;
        answer->read += query.cost();
    }
}

// `share`: of the rows, as the table's statistics have it, if that is to be relied on where it would
// take long to find out; else 0.
Answer Ask(Relation index, const ScanKeyData* keys, int count, double share) {
    struct Known {
        std::string question;
        Answer answer;
    };
    // The planner asks for one index a few times in a row.
    constexpr std::size_t kKnown = 16;
    // Large constants are not worth keeping.
    constexpr std::size_t kMaxQuestion = 8192;
    static std::vector<Known> known;
    static std::size_t next = 0;

    IndexSnapshot contents(index);
    contents.OpenSegments(nullptr);
    Answer answer;
    answer.search = kOpenCost;
    storage::ForEachChain(contents.meta(), [&](const storage::PendingChain& chain) {
        const double rows = kRowsPerPendingPage * chain.pages;
        answer.pending_rows += rows;
        answer.search += rows * (IsKept(chain) ? kKeptRowCost : kPendingRowCost);
    });
    for (const std::unique_ptr<OpenSegment>& segment : contents.segments()) {
        const storage::SegmentEntry& entry = segment->pages.entry();
        answer.all_rows += static_cast<double>(entry.rows) - entry.dead;
    }
    const std::string question = Question(contents.meta(), keys, count, share);
    for (const Known& k : known) {
        if (k.question == question) {
            contents.Close();
            return k.answer;
        }
    }
    const IndexKeys index_keys(index);
    const ScanConditions conditions(index_keys, keys, count);
    const Searching searching =
        share > 0 ? SearchingOf(contents, index_keys, conditions) : Searching();
    if (searching.cost >= kLongSearch) {
        answer.rows = share * answer.all_rows;
        answer.search += static_cast<double>(contents.segments().size()) * kSegmentCost +
                         searching.cost + share * searching.words * kWordCost;
        answer.read = answer.rows * kPostingCost;
    } else {
        Search(contents, index_keys, conditions, &answer);
    }
    contents.Close();
    if (question.size() > kMaxQuestion) {
        return answer;
    }
    if (known.size() < kKnown) {
        known.push_back({question, answer});
    } else {
        known[next++ % kKnown] = {question, answer};
    }
    return answer;
}

// What reading a row's values takes: of the columns that the query reads otherwise than in the
// conditions which the index decides.
double ValuesCost(const IndexPath* path) {
    const IndexOptInfo* index = path->indexinfo;
    Bitmapset* read = nullptr;
    pull_varattnos(reinterpret_cast<Node*>(index->rel->reltarget->exprs), index->rel->relid, &read);
    ListCell* cell;
    foreach (cell, index->indrestrictinfo) {
        const auto* qual = lfirst_node(RestrictInfo, cell);
        if (!is_redundant_with_indexclauses(const_cast<RestrictInfo*>(qual), path->indexclauses)) {
            pull_varattnos(reinterpret_cast<Node*>(qual->clause), index->rel->relid, &read);
        }
    }
    double cost = 0;
    for (int i = 0; i < index->ncolumns; ++i) {
        // 0: an expression; whether that is read is not looked into
        if (index->indexkeys[i] == 0 ||
            bms_is_member(index->indexkeys[i] - FirstLowInvalidHeapAttributeNumber, read)) {
            cost += i < index->nkeycolumns ? kValueCost : kIncludeCost;
        }
    }
    bms_free(read);
    return cost;
}

// Whether the server has estimated each clause by values of its column, and nothing else.
bool StatisticsServe(PlannerInfo* root, const IndexPath* path) {
    const IndexOptInfo* index = path->indexinfo;
    if (index->indpred != NIL) {
        return false;
    }
    const Oid table = planner_rt_fetch(index->rel->relid, root)->relid;
    ListCell* cell;
    foreach (cell, path->indexclauses) {
        const int attribute = index->indexkeys[lfirst_node(IndexClause, cell)->indexcol];
        // Whether an expression's statistics may be used depends on privileges.
        HeapTuple statistics =
            attribute == 0 ? nullptr
                           : SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(table),
                                             Int16GetDatum(attribute), BoolGetDatum(false));
        if (!HeapTupleIsValid(statistics)) {
            return false;
        }
        AttStatsSlot histogram;
        const bool full = get_attstatsslot(&histogram, statistics, STATISTIC_KIND_HISTOGRAM,
                                           InvalidOid, ATTSTATSSLOT_VALUES) &&
                          histogram.nvalues >= kFullHistogram;
        free_attstatsslot(&histogram);
        ReleaseSysCache(statistics);
        if (!full) {
            return false;
        }
    }
    return true;
}

bool MayAsk(PlannerInfo* root, const IndexPath* path) {
    if (path->indexinfo->hypothetical || path->indexclauses == NIL) {
        return false;
    }
    // A child table's own entry does not show its parent's policies.
    for (Index relid = path->indexinfo->rel->relid; relid != 0;) {
        if (planner_rt_fetch(relid, root)->securityQuals != NIL) {
            return false;
        }
        const AppendRelInfo* child =
            root->append_rel_array != nullptr ? root->append_rel_array[relid] : nullptr;
        relid = child != nullptr ? child->parent_relid : 0;
    }
    // A barrier view's quals are those of its own subquery, into which others come only if
    // leakproof; they must not be able to count hidden rows by EXPLAIN either.
    for (const PlannerInfo* outer = root->parent_root; outer != nullptr;
         outer = outer->parent_root) {
        ListCell* entry_cell;
        foreach (entry_cell, outer->parse->rtable) {
            const auto* entry = lfirst_node(RangeTblEntry, entry_cell);
            if (entry->rtekind == RTE_SUBQUERY && entry->security_barrier) {
                return false;
            }
        }
    }
    return true;
}

}  // namespace

void CostEstimate(PlannerInfo* root, IndexPath* path, double loop_count, Cost* startup_cost,
                  Cost* total_cost, Selectivity* selectivity, double* correlation, double* pages) {
    GenericCosts costs;
    memset(&costs, 0, sizeof costs);
    genericcostestimate(root, path, loop_count, &costs);

    // Selectivity is the fraction of the table, also for a partial index.
    const double table_rows =
        std::max({1.0, path->indexinfo->rel->tuples, path->indexinfo->tuples});
    double pending_found = 0;
    Answer answer;
    answer.rows = costs.indexSelectivity * table_rows;
    answer.search = kOpenCost + kUnknownSearchCost * std::max(1.0, costs.num_sa_scans);
    answer.read = answer.rows * kPostingCost;
    if (MayAsk(root, path)) {
        auto* keys = static_cast<ScanKeyData*>(palloc(INDEX_MAX_KEYS * sizeof(ScanKeyData)));
        int unknown = 0;
        const int count = ConstantKeys::Collect(path, keys, &unknown);
        if (unknown == 0 && count > 0) {
            const bool frequent =
                costs.indexSelectivity >= kFrequent && StatisticsServe(root, path);
            const double share = frequent ? std::min(1.0, costs.indexSelectivity) : 0;
            Relation index = index_open(path->indexinfo->indexoid, NoLock);
            answer = pg::Enter(index, [&] { return Ask(index, keys, count, share); });
            index_close(index, NoLock);
            // Nobody knows how many pending rows will match.
            pending_found = answer.pending_rows * costs.indexSelectivity;
            answer.rows += pending_found;
            costs.indexSelectivity = std::min(1.0, answer.rows / table_rows);
        }
        pfree(keys);
    }

    // Each loop searches anew; genericcostestimate has the startup of evaluating the arguments.
    *startup_cost = costs.indexStartupCost + answer.search * kCostPerNanosecond;
    *total_cost =
        *startup_cost + (answer.read + answer.rows * kRowCost) * kCostPerNanosecond;
    *selectivity = costs.indexSelectivity;
    if (path->path.pathtype == T_IndexOnlyScan) {
        // The pages that have to be looked at in the heap are counted by the planner.
        const double looked_up =
            (answer.rows - pending_found) * (1 - path->indexinfo->rel->allvisfrac) + pending_found;
        *total_cost += (answer.rows * (kMapCost + ValuesCost(path)) +
                        looked_up * kHeapRowCost) *
                       kCostPerNanosecond;
    }
    // TIDs come in heap order.
    *correlation = 1.0;
    *pages = std::ceil(answer.rows * 2.0 / BLCKSZ) + 4.0;
}

}  // namespace namedex::am
