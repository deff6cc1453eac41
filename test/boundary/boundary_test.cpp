/*
 * SQL functions that leave C++ code in every way there is.
 *
 * Each holds a Witness, an object with a destructor. boundary_witnesses() says how many were made
 * and how many are left: a frame that was skipped instead of unwound shows as one left. What can
 * only be seen from inside (counts, stacks, contexts) is looked at inside and comes out as text.
 */
#include <sys/resource.h>
#include <unistd.h>

#include <stdexcept>

#include "pg/boundary.hpp"
#include "pg/context_resource.hpp"
#include "pg/prelude.hpp"

extern "C" {
#include "executor/spi.h"
}

using namespace namedex;

extern "C" {
PG_MODULE_MAGIC;
}

namespace {

int witnesses_made = 0;
int witnesses_left = 0;

class Witness {
  public:
    Witness() {
        ++witnesses_made;
        ++witnesses_left;
    }
    ~Witness() { --witnesses_left; }
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;
    void Copy() { heap_ = std::make_unique<int>(*heap_); }

  private:
    // On the heap as a container's contents would be: a skipped destructor is a leak too.
    std::unique_ptr<int> heap_ = std::make_unique<int>(42);
};

std::string TextArgument(FunctionCallInfo fcinfo, int number) {
    if (PG_ARGISNULL(number)) return {};
    return pg::Call([&]() -> const char* { return text_to_cstring(PG_GETARG_TEXT_PP(number)); });
}

Datum TextResult(const std::string& text) {
    return pg::Call([&] { return PointerGetDatum(cstring_to_text(text.c_str())); });
}

Oid IndexArgument(FunctionCallInfo fcinfo, int number) {
    return PG_ARGISNULL(number) ? InvalidOid : PG_GETARG_OID(number);
}

// A lock of this process alone: what counts is the interrupt hold that comes with it.
LWLock* TestLock() {
    static LWLock lock;
    static bool ready = false;
    if (!ready) {
        LWLockInitialize(&lock, LWLockNewTrancheId());
        ready = true;
    }
    return &lock;
}

class HeldLock {
  public:
    HeldLock() {
        pg::Call([] { LWLockAcquire(TestLock(), LW_EXCLUSIVE); });
    }
    ~HeldLock() {
        pg::CallQuietly([] { LWLockRelease(TestLock()); });
    }
    HeldLock(const HeldLock&) = delete;
    HeldLock& operator=(const HeldLock&) = delete;
};

class PinnedBlock {
  public:
    explicit PinnedBlock(Relation relation)
        : buffer_(pg::Call([&] { return ReadBuffer(relation, 0); })) {}
    ~PinnedBlock() {
        pg::CallQuietly([this] { ReleaseBuffer(buffer_); });
    }
    PinnedBlock(const PinnedBlock&) = delete;
    PinnedBlock& operator=(const PinnedBlock&) = delete;

  private:
    Buffer buffer_;
};

class FailingRelease {
  public:
    ~FailingRelease() {
        pg::CallQuietly(
            [] { ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION), errmsg("release failed"))); });
    }
};

void RaiseServerError() {
    ereport(ERROR,
            (errcode(ERRCODE_CHECK_VIOLATION), errmsg("server message %d", 7),
             errdetail("Server detail."), errhint("Server hint."), errcontext("server context"),
             err_generic_string(PG_DIAG_SCHEMA_NAME, "schema_of_error"),
             err_generic_string(PG_DIAG_TABLE_NAME, "table_of_error"),
             err_generic_string(PG_DIAG_COLUMN_NAME, "column_of_error"),
             err_generic_string(PG_DIAG_DATATYPE_NAME, "type_of_error"),
             err_generic_string(PG_DIAG_CONSTRAINT_NAME, "constraint_of_error")));
}

// Server code that changes everything it can and fails half-way.
void FailWithChangedState() {
    ErrorContextCallback callback = {
        error_context_stack, [](void*) { errcontext("callback of the failed call"); }, nullptr};
    error_context_stack = &callback;
    MemoryContextSwitchTo(TopMemoryContext);
    CurrentResourceOwner = TopTransactionResourceOwner;
    HOLD_CANCEL_INTERRUPTS();
    RaiseServerError();
}

int64 RunSql(const std::string& statement) {
    return pg::Call([&] {
        if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
        if (SPI_execute(statement.c_str(), false, 0) < 0) elog(ERROR, "SPI_execute failed");
        const int64 rows = static_cast<int64>(SPI_processed);
        SPI_finish();
        return rows;
    });
}

std::string Verdict(std::initializer_list<std::pair<const char*, bool>> checks) {
    std::string failed;
    for (const auto& [name, holds] : checks) {
        if (!holds) failed += std::string(failed.empty() ? "" : ", ") + name;
    }
    return failed.empty() ? "ok" : "changed: " + failed;
}

// Runs fn; says what of the server's state is not as before.
template <typename Fn>
std::string StateAfter(Fn&& fn) {
    const auto* exception_stack = PG_exception_stack;
    const auto* error_context = error_context_stack;
    const auto memory_context = CurrentMemoryContext;
    const auto resource_owner = CurrentResourceOwner;
    const uint32 interrupt_holdoff = InterruptHoldoffCount;
    const uint32 cancel_holdoff = QueryCancelHoldoffCount;
    fn();
    return Verdict({{"exception stack", PG_exception_stack == exception_stack},
                    {"error context stack", error_context_stack == error_context},
                    {"memory context", CurrentMemoryContext == memory_context},
                    {"resource owner", CurrentResourceOwner == resource_owner},
                    {"interrupt holdoff", InterruptHoldoffCount == interrupt_holdoff},
                    {"cancel holdoff", QueryCancelHoldoffCount == cancel_holdoff}});
}

// Runs fn in a subtransaction that is rolled back if it fails: the one place that may end a
// PgError.
template <typename Fn>
bool TryInSubtransaction(Fn&& fn) {
    const MemoryContext memory_context = CurrentMemoryContext;
    const ResourceOwner resource_owner = CurrentResourceOwner;
    const auto back = [&] {
        MemoryContextSwitchTo(memory_context);
        CurrentResourceOwner = resource_owner;
    };
    pg::Call([&] {
        BeginInternalSubTransaction(nullptr);
        MemoryContextSwitchTo(memory_context);
    });
    try {
        fn();
        pg::Call([&] {
            ReleaseCurrentSubTransaction();
            back();
        });
        return true;
    } catch (const pg::PgError&) {
        pg::Call([&] {
            RollbackAndReleaseCurrentSubTransaction();
            back();
        });
        return false;
    }
}

}  // namespace

// ---------------------------------------------------------------- witnesses

NAMEDEX_FUNCTION(boundary_witnesses) {
    return pg::Enter([&] {
        std::string text =
            std::to_string(witnesses_made) + " made, " + std::to_string(witnesses_left) + " left";
        witnesses_made = 0;
        return TextResult(text);
    });
}

// ---------------------------------------------------------------- errors

/** (code, message, detail, hint, index): throws core::Error. */
NAMEDEX_FUNCTION(boundary_throw_core) {
    return pg::Enter(IndexArgument(fcinfo, 4), [&]() -> Datum {
        Witness witness;
        const int code = PG_GETARG_INT32(0);
        const std::string message = TextArgument(fcinfo, 1);
        core::Throw(static_cast<core::ErrorCode>(code), message, TextArgument(fcinfo, 2),
                    TextArgument(fcinfo, 3));
    });
}

/** (kind): throws something that is no core::Error. */
NAMEDEX_FUNCTION(boundary_throw_other) {
    return pg::Enter([&]() -> Datum {
        Witness witness;
        const std::string kind = TextArgument(fcinfo, 0);
        if (kind == "bad_alloc") throw std::bad_alloc();
        if (kind == "runtime_error") throw std::runtime_error("text of a runtime_error");
        if (kind == "length_error") std::vector<int>().reserve(SIZE_MAX);
        if (kind == "int") throw 42;
        if (kind == "pointer") throw "a string literal";
        if (kind == "long") throw std::runtime_error(std::string(100000, 'x'));
        if (kind == "bytes") core::ThrowCorrupt("word \xff\xfe of D\xc3\xa9", "D\xc3\xa9tail.");
        if (kind == "nul") core::ThrowCorrupt(std::string("before\0after", 12));
        return TextResult("no such kind");
    });
}

/** Raises a server error with every field, below C++ frames. */
NAMEDEX_FUNCTION(boundary_server_error) {
    return pg::Enter([&]() -> Datum {
        Witness outer;
        std::vector<std::unique_ptr<Witness>> more(10);
        for (auto& witness : more) witness = std::make_unique<Witness>();
        pg::Call(RaiseServerError);
        return Datum{0};
    });
}

/** What a caught PgError shows before it goes on. */
NAMEDEX_FUNCTION(boundary_look_at_error) {
    return pg::Enter([&]() -> Datum {
        std::string seen;
        const bool done = TryInSubtransaction([&] {
            try {
                pg::Call(RaiseServerError);
            } catch (const pg::PgError& error) {
                const pg::PgError copy = error;
                const ErrorData* data = copy.data();
                char state[16];
                std::snprintf(state, sizeof(state), "%s", unpack_sql_state(copy.sqlstate()));
                seen = std::string(state) + "|" + error.what() + "|" + data->detail + "|" +
                       data->hint + "|" + data->context + "|" + data->constraint_name;
                throw;
            }
        });
        return TextResult(seen + (done ? "|not raised" : ""));
    });
}

/** (index): storage's way, without a throw. */
NAMEDEX_FUNCTION(boundary_report_corrupted) {
    Relation index = index_open(PG_GETARG_OID(0), AccessShareLock);
    pg::ReportIndexCorrupted(index, "page 7 has no magic", "Section is postings.");
}

/** (index): a core error under Enter(Relation). */
NAMEDEX_FUNCTION(boundary_throw_for_relation) {
    Relation index = index_open(PG_GETARG_OID(0), AccessShareLock);
    return pg::Enter(index, [&]() -> Datum {
        Witness witness;
        core::ThrowCorrupt("posting list runs past its page");
    });
}

/** A destructor whose release fails while an error is on its way. */
NAMEDEX_FUNCTION(boundary_failing_release) {
    return pg::Enter([&]() -> Datum {
        Witness witness;
        FailingRelease failing;
        pg::Call(RaiseServerError);
        return Datum{0};
    });
}

// ---------------------------------------------------------------- values

/** One value of each kind through Enter and Call. */
NAMEDEX_FUNCTION(boundary_values) {
    struct Pair {
        int64 number;
        bool flag;
    };
    const Pair pair = pg::Enter([&] {
        return pg::Call([] { return Pair{int64{1} << 40, true}; });
    });
    const bool flag = pg::Enter([&] { return true; });
    int target = 3;
    pg::Enter([&] { pg::Call([&]() -> int& { return target; }) = 5; });
    void* pointer = pg::Enter([&] { return static_cast<void*>(&target); });
    const std::string* text = pg::Enter([&]() -> const std::string* {
        static const std::string constant = "pointer";
        return pg::Call([&]() -> const std::string* { return &constant; });
    });
    return pg::Enter([&] {
        return TextResult(std::to_string(pair.number) + (pair.flag && flag ? " true " : " false ") +
                          std::to_string(target) + (pointer == &target ? " same " : " other ") +
                          *text);
    });
}

// ---------------------------------------------------------------- nesting

/** (depth, failure): Enter and Call in turn, down to the failure: 'core', 'server' or none. */
NAMEDEX_FUNCTION(boundary_nested) {
    return pg::Enter([&]() -> Datum {
        Witness witness;
        const int depth = PG_GETARG_INT32(0);
        const std::string failure = TextArgument(fcinfo, 1);
        if (depth > 0) {
            return pg::Call([&] {
                return DirectFunctionCall2(boundary_nested, Int32GetDatum(depth - 1),
                                           PG_GETARG_DATUM(1));
            });
        }
        if (failure == "core") core::ThrowTooLarge("deep core error", "Detail.", "Hint.");
        if (failure == "server") pg::Call(RaiseServerError);
        return TextResult("reached the bottom");
    });
}

/** (statement): runs SQL below C++ frames. */
NAMEDEX_FUNCTION(boundary_run_sql) {
    return pg::Enter([&]() -> Datum {
        Witness witness;
        return Int64GetDatum(RunSql(TextArgument(fcinfo, 0)));
    });
}

/** Call within Call, left by C++ exceptions, and caught between. */
NAMEDEX_FUNCTION(boundary_exception_through_call) {
    return pg::Enter([&] {
        std::string seen;
        const std::string state = StateAfter([&] {
            try {
                pg::Call([&] {
                    MemoryContextSwitchTo(TopMemoryContext);
                    HOLD_INTERRUPTS();
                    pg::Call([&] { throw 42; });
                });
            } catch (int number) {
                seen = std::to_string(number);
            }
        });
        return TextResult(seen + ", " + state);
    });
}

// ---------------------------------------------------------------- cancel

/** (poll): a loop of core's kind that never ends by itself, at most a minute. */
NAMEDEX_FUNCTION(boundary_loop) {
    return pg::Enter([&]() -> Datum {
        Witness witness;
        pg::ContextResource memory(CurrentMemoryContext);
        std::pmr::vector<std::pmr::string> words(&memory);
        void (*const poll)() = &pg::PollInterrupts;
        const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
        for (std::uint64_t round = 0; std::chrono::steady_clock::now() < end; ++round) {
            if (words.size() > 1000) words.clear();
            words.emplace_back("a word that is too long for the small string's own buffer");
            poll();
        }
        return TextResult("not canceled");
    });
}

/** Whether a poll without anything pending leaves everything alone. */
NAMEDEX_FUNCTION(boundary_poll) {
    return pg::Enter([&] {
        return TextResult(StateAfter([] {
            for (int round = 0; round < 1000000; ++round) pg::PollInterrupts();
        }));
    });
}

// ---------------------------------------------------------------- memory

/** (block_bytes, limit): takes blocks until it is refused. Limit 0: none. */
NAMEDEX_FUNCTION(boundary_allocate) {
    return pg::Enter([&]() -> Datum {
        Witness witness;
        const auto block = static_cast<std::size_t>(PG_GETARG_INT64(0));
        const auto limit = static_cast<std::size_t>(PG_GETARG_INT64(1));
        MemoryContext context = pg::Call([] {
            return AllocSetContextCreate(CurrentMemoryContext, "boundary test",
                                         ALLOCSET_DEFAULT_SIZES);
        });
        pg::ContextResource memory(context, limit == 0 ? pg::ContextResource::kNoLimit : limit);
        std::pmr::vector<std::pmr::vector<std::byte>> blocks(&memory);
        while (true) {
            std::pmr::vector<std::byte> bytes(&memory);
            bytes.reserve(block);
            blocks.push_back(std::move(bytes));
        }
    });
}

/** (bytes): one request, past the vector's own checks. */
NAMEDEX_FUNCTION(boundary_allocate_raw) {
    return pg::Enter([&]() -> Datum {
        Witness witness;
        pg::ContextResource memory(CurrentMemoryContext);
        const auto bytes = static_cast<std::size_t>(PG_GETARG_INT64(0));
        memory.deallocate(memory.allocate(bytes, 64), bytes, 64);
        return TextResult("allocated");
    });
}

/** A resource with a limit: refuses at it, serves again after something was given back. */
NAMEDEX_FUNCTION(boundary_limit) {
    return pg::Enter([&] {
        constexpr std::size_t kLimit = 100000, kBlock = 1000;
        pg::ContextResource memory(CurrentMemoryContext, kLimit);
        std::vector<void*> blocks;
        const auto refused = [&] {
            try {
                blocks.push_back(memory.allocate(kBlock, 8));
                return false;
            } catch (const pg::OutOfMemory& error) {
                return error.limit_reached() && error.requested() == kBlock;
            }
        };
        while (!refused()) {
        }
        const std::size_t full = memory.bytes_in_use();
        bool refuses_large = false;
        try {
            pg::ContextResource empty(CurrentMemoryContext, kLimit);
            empty.deallocate(empty.allocate(kLimit + 1, 1), kLimit + 1, 1);
        } catch (const pg::OutOfMemory& error) {
            refuses_large = error.limit_reached();
        }
        const std::size_t served = blocks.size();
        memory.deallocate(blocks.back(), kBlock, 8);
        blocks.pop_back();
        const bool serves_again = !refused();
        for (void* block : blocks) memory.deallocate(block, kBlock, 8);
        return TextResult(Verdict({{"filled", served * kBlock > kLimit / 2},
                                   {"within the limit", full <= kLimit + 2 * kBlock},
                                   {"refuses large", refuses_large},
                                   {"serves again", serves_again},
                                   {"count at the end", memory.bytes_in_use() == 0}}));
    });
}

/** Sizes and alignments: every block aligned, apart from the others, counted and given back. */
NAMEDEX_FUNCTION(boundary_resource) {
    return pg::Enter([&] {
        pg::ContextResource memory(CurrentMemoryContext);
        struct Block {
            unsigned char* start;
            std::size_t bytes;
            std::size_t alignment;
            unsigned char mark;
        };
        std::vector<Block> blocks;
        bool aligned = true, counted = true;
        std::size_t requested = 0;
        unsigned char mark = 0;
        for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
            for (std::size_t bytes : {0, 1, 7, 8, 63, 64, 100, 4095, 8192, 100001}) {
                auto* start = static_cast<unsigned char*>(memory.allocate(bytes, alignment));
                aligned &= reinterpret_cast<std::uintptr_t>(start) % alignment == 0;
                std::memset(start, ++mark, bytes);
                blocks.push_back({start, bytes, alignment, mark});
                requested += bytes;
                counted &= memory.bytes_in_use() >= requested;
            }
        }
        bool intact = true;
        for (const Block& block : blocks) {
            intact &= std::all_of(block.start, block.start + block.bytes,
                                  [&](unsigned char byte) { return byte == block.mark; });
        }
        const std::size_t peak = memory.bytes_in_use();
        for (const Block& block : blocks) {
            memory.deallocate(block.start, block.bytes, block.alignment);
        }
        const std::string verdict = Verdict({{"alignment", aligned},
                                             {"count", counted},
                                             {"contents", intact},
                                             {"count at the end", memory.bytes_in_use() == 0},
                                             {"peak", memory.peak_bytes() == peak}});
        return TextResult(verdict);
    });
}

// Takes all memory that malloc can give, down to the smallest block, until it is released.
class Hoard {
  public:
    void Fill() {
        GrowStack();
        getrlimit(RLIMIT_AS, &before_);
        long pages = 0;
        if (FILE* file = std::fopen("/proc/self/statm", "r")) {
            if (std::fscanf(file, "%ld", &pages) != 1) pages = 0;
            std::fclose(file);
        }
        rlimit now = before_;
        now.rlim_cur = static_cast<rlim_t>(pages) * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
        setrlimit(RLIMIT_AS, &now);
        for (std::size_t bytes : {1048576, 65536, 8192, 4096, 2048}) Take(bytes);
        for (std::size_t bytes = 1048; bytes >= 24; bytes -= 16) Take(bytes);
    }
    void Release() {
        setrlimit(RLIMIT_AS, &before_);
        while (blocks_ != nullptr) std::free(std::exchange(blocks_, *static_cast<void**>(blocks_)));
    }

  private:
    // The limit counts the stack too: it must not have to grow under it.
    __attribute__((noinline)) static void GrowStack() {
        volatile char room[512 * 1024];
        for (std::size_t i = 0; i < sizeof(room); i += 512) room[i] = 1;
    }
    void Take(std::size_t bytes) {
        while (void* block = std::malloc(bytes)) blocks_ = new (block) void*(blocks_);
    }

    void* blocks_ = nullptr;
    rlimit before_{};
};

/** (kind): an error on its way through both doors while malloc has nothing left. 'new': core asks
 *  for memory; 'core': its text is too large to copy; 'server': from below. */
NAMEDEX_FUNCTION(boundary_exhausted) {
    static Hoard hoard;
    char* kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
    PG_TRY();
    {
        pg::Enter([&] {
            Witness witness;
            std::string message(100000, 'x');
            hoard.Fill();
            if (std::strcmp(kind, "new") == 0) witness.Copy();
            if (std::strcmp(kind, "core") == 0) core::ThrowInvalidArgument(std::move(message));
            pg::Call(RaiseServerError);
        });
    }
    PG_CATCH();
    {
        hoard.Release();
        PG_RE_THROW();
    }
    PG_END_TRY();
    return Datum{0};
}

// ---------------------------------------------------------------- server state

/** Stacks, contexts and counts after a caught server error. */
NAMEDEX_FUNCTION(boundary_state_after_error) {
    return pg::Enter([&] {
        std::string state;
        TryInSubtransaction([&] {
            HeldLock lock;
            HOLD_CANCEL_INTERRUPTS();
            state = StateAfter([] {
                try {
                    pg::Call(FailWithChangedState);
                } catch (const pg::PgError&) {
                    // Looked at in passing; the error below ends the subtransaction.
                }
            });
            RESUME_CANCEL_INTERRUPTS();
            pg::Call(RaiseServerError);
        });
        return TextResult(state);
    });
}

/** Stacks, contexts and counts after a call that went well. */
NAMEDEX_FUNCTION(boundary_state_after_success) {
    return pg::Enter([&] {
        return TextResult(StateAfter([] { pg::Call([] { return GetCurrentTransactionId(); }); }));
    });
}

/** A lock's destructor after a caught error: the interrupt count, and the lock is free again. */
NAMEDEX_FUNCTION(boundary_unlock_after_error) {
    return pg::Enter([&] {
        const uint32 before = InterruptHoldoffCount;
        uint32 held = 0, after = 0;
        bool was_held = false, still_held = true;
        TryInSubtransaction([&] {
            try {
                HeldLock lock;
                held = InterruptHoldoffCount;
                was_held = LWLockHeldByMe(TestLock());
                pg::Call(RaiseServerError);
            } catch (const pg::PgError&) {
                after = InterruptHoldoffCount;
                still_held = LWLockHeldByMe(TestLock());
                throw;
            }
        });
        return TextResult(Verdict({{"held", held == before + 1 && was_held},
                                   {"after", after == before},
                                   {"lock", !still_held},
                                   {"at the end", InterruptHoldoffCount == before}}));
    });
}

/** A C caller that holds a lock sees the count at zero when the error comes, as the server's abort
 *  code expects. */
NAMEDEX_FUNCTION(boundary_raise_under_lock) {
    static uint32 count_in_handler;
    static bool failed;
    const bool from_core = PG_GETARG_BOOL(0);
    failed = false;
    LWLockAcquire(TestLock(), LW_EXCLUSIVE);
    PG_TRY();
    {
        pg::Enter([&] {
            Witness witness;
            if (from_core) core::ThrowInternal("under a lock");
            pg::Call(RaiseServerError);
        });
    }
    PG_CATCH();
    {
        count_in_handler = InterruptHoldoffCount;
        failed = true;
        elog(NOTICE, "interrupt holdoff in the handler: %u", count_in_handler);
        PG_RE_THROW();
    }
    PG_END_TRY();
    return Int32GetDatum(failed ? 1 : 0);
}

/** (relation, statement): a pin is given back although the failed statement had changed the
 *  resource owner; a leak or a foreign owner is a WARNING of the server's. */
NAMEDEX_FUNCTION(boundary_unpin_after_error) {
    return pg::Enter([&]() -> Datum {
        Witness witness;
        const Oid oid = PG_GETARG_OID(0);
        Relation relation = pg::Call([&] { return relation_open(oid, AccessShareLock); });
        PinnedBlock pinned(relation);
        const std::string statement = TextArgument(fcinfo, 1);
        RunSql(statement);
        pg::Call([&] { relation_close(relation, AccessShareLock); });
        return TextResult("no error");
    });
}

/** (times): errors caught and dropped one after another. */
NAMEDEX_FUNCTION(boundary_catch_many) {
    return pg::Enter([&] {
        const int times = PG_GETARG_INT32(0);
        int caught = 0;
        for (int round = 0; round < times; ++round) {
            Witness witness;
            if (!TryInSubtransaction([] { pg::Call(FailWithChangedState); })) ++caught;
        }
        return Int32GetDatum(caught);
    });
}

/** An error context set up around Enter is reported once. */
NAMEDEX_FUNCTION(boundary_context_around) {
    const bool from_core = PG_GETARG_BOOL(0);
    ErrorContextCallback callback = {error_context_stack,
                                     [](void*) { errcontext("callback around Enter"); }, nullptr};
    error_context_stack = &callback;
    pg::Enter([&] {
        Witness witness;
        if (from_core) core::ThrowUnsupported("core error under a callback");
        pg::Call(RaiseServerError);
    });
    error_context_stack = callback.previous;
    return Datum{0};
}
