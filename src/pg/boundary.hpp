/*
 * Where C++ exceptions and the server's longjmp meet.
 *
 * ereport(ERROR) leaves by longjmp, past C++ frames, without running a destructor; an exception
 * that reaches C code ends the process and with it the cluster. Two doors keep them apart:
 *
 *   Enter  C calls C++. The body may throw. When all frames of the body are unwound the error is
 *          raised as the server's own, with SQLSTATE, message, detail and hint.
 *   Call   C++ that holds live objects calls C. When the server raises an error, it is caught,
 *          taken off the server's error stack and thrown on as PgError, so destructors run. Enter
 *          raises it again with every field as it was.
 *
 *     NAMEDEX_FUNCTION(namedex_words) {
 *         return pg::Enter([&] {
 *             std::vector<Word> words = Split(...);                    // may throw core::Error
 *             return pg::Call([&] { return Int32GetDatum(...); });     // may raise PgError
 *         });
 *     }
 *
 * Rules
 * - An extern "C" entry point is one Enter and holds nothing with a destructor outside of it.
 * - The function given to Call may hold no object with a destructor while it calls the server: its
 *   own frames are what the longjmp skips. It may throw, but not through the server's frames: a
 *   callback that C code calls is itself an entry point and begins with Enter.
 * - Enter and Call nest, in any depth.
 * - PgError is caught for good only where a subtransaction has been rolled back. Anyone else lets
 *   it pass (or rethrows it): the server's resources of the failed call are still held.
 * - FATAL and PANIC end the process; no destructor runs.
 *
 * Interrupt holds. When the server raises an error it sets InterruptHoldoffCount and
 * QueryCancelHoldoffCount to zero, because its own handlers release nothing one by one. A
 * destructor that releases an LWLock or a buffer lock does, and would take the count below zero:
 * the backend would never answer a cancel again. Call therefore puts both counts back to what they
 * were when it was entered, as well as CurrentMemoryContext and CurrentResourceOwner, so that the
 * unwinding code finds the server as it knew it; Enter raises the error with the counts at zero, as
 * the server's own error does. Locks that the failed call itself had taken are in no count then;
 * the transaction's abort releases them, which is what the server expects.
 */
#pragma once

#include "core/error.hpp"
#include "pg/compat.hpp"
#include "pg/prelude.hpp"

namespace namedex::pg {

namespace internal {
struct PgErrorAccess;
}

/** The server's own error on its way through C++ frames; carries the whole ErrorData. */
class PgError : public std::exception {
  public:
    /** SQLSTATE in the server's encoding: compare with ERRCODE_*. */
    int sqlstate() const noexcept;
    /** Never null; all fields as the server filled them. Valid until Enter has raised it again. */
    const ErrorData* data() const noexcept;
    const char* what() const noexcept override;

  private:
    friend struct internal::PgErrorAccess;
    // Owns the memory context that holds the ErrorData; shared by the copies of the exception.
    struct Holder;
    explicit PgError(std::shared_ptr<Holder> holder) noexcept : holder_(std::move(holder)) {}
    std::shared_ptr<Holder> holder_;
};

namespace internal {

// The server state at an Enter, put back before the error is raised. Trivially destructible.
struct EntryState {
    sigjmp_buf* exception_stack;
    ErrorContextCallback* error_context;
    MemoryContext memory_context;
};

// An error as plain data in palloc'd memory. Trivially destructible: it outlives the unwinding.
struct PendingError;

inline EntryState SaveEntryState() noexcept {
    return {PG_exception_stack, error_context_stack, CurrentMemoryContext};
}

// Describes the exception being handled; never throws, never ereports.
PendingError* DescribeCurrentException(const EntryState& state) noexcept;

// Raises it; index InvalidOid if none is at hand.
[[noreturn]] void Raise(PendingError* error, Oid index);

// Runs thunk(argument), turning a server error into PgError.
void RunGuarded(void (*thunk)(void*), void* argument);

// As RunGuarded, but reports the server's error as a WARNING and returns false.
bool RunQuietly(void (*thunk)(void*), void* argument) noexcept;

void ServeInterrupts();

}  // namespace internal

/**
 * Runs the body of an entry point. Returns what fn returns; every exception becomes a server error:
 *
 *   core::Error             the SQLSTATE named beside its code in core/error.hpp
 *   PgError                 itself, with every field
 *   std::bad_alloc          53200 out of memory
 *   other std::exception    XX000 with what()
 *   anything else           XX000
 *
 * `index` names the index for errors about its contents: kCorrupt is then reported as
 * 'index "name" is corrupted: ...' and kVersionMismatch as 'index "name" must be rebuilt: ...',
 * both with the hint 'REINDEX INDEX schema.name;'. It may be given by OID where the body itself
 * opens the index.
 */
template <typename Fn>
auto Enter(Oid index, Fn&& fn) -> std::invoke_result_t<Fn&> {
    static_assert(std::is_trivially_destructible_v<std::remove_reference_t<Fn>>,
                  "the closure is alive while the error is raised: capture by reference");
    const internal::EntryState state = internal::SaveEntryState();
    internal::PendingError* error = nullptr;
    try {
        return fn();
    } catch (...) {
        error = internal::DescribeCurrentException(state);
    }
    internal::Raise(error, index);
}

template <typename Fn>
auto Enter(Relation index, Fn&& fn) -> std::invoke_result_t<Fn&> {
    return Enter(index != nullptr ? RelationGetRelid(index) : InvalidOid, std::forward<Fn>(fn));
}

template <typename Fn>
auto Enter(Fn&& fn) -> std::invoke_result_t<Fn&> {
    return Enter(InvalidOid, std::forward<Fn>(fn));
}

/**
 * Calls server code from C++ frames that hold live objects; returns what fn returns (a value
 * without a destructor, a reference or void). Throws PgError for a server error. Without an error
 * it costs one sigsetjmp that saves no signal mask.
 */
template <typename Fn>
auto Call(Fn&& fn) -> std::invoke_result_t<Fn&> {
    using Result = std::invoke_result_t<Fn&>;
    static_assert(std::is_void_v<Result> || std::is_trivially_destructible_v<Result>,
                  "the result is built among frames that a longjmp may skip");
    using Function = std::remove_reference_t<Fn>;
    if constexpr (std::is_void_v<Result>) {
        struct Frame {
            Function* fn;
        } frame{std::addressof(fn)};
        internal::RunGuarded([](void* argument) { (*static_cast<Frame*>(argument)->fn)(); },
                             &frame);
    } else if constexpr (std::is_reference_v<Result>) {
        return *Call([&] { return std::addressof(fn()); });
    } else {
        struct Frame {
            Function* fn;
            alignas(Result) unsigned char result[sizeof(Result)];
        } frame;
        frame.fn = std::addressof(fn);
        internal::RunGuarded(
            [](void* argument) {
                auto* frame = static_cast<Frame*>(argument);
                new (frame->result) Result((*frame->fn)());
            },
            &frame);
        return *std::launder(reinterpret_cast<Result*>(frame.result));
    }
}

/**
 * For destructors, which may neither throw nor let a longjmp through: runs server code that
 * releases something. A server error is reported as a WARNING and swallowed (the error that
 * unwinds the frames, if any, is the one that counts). True if fn came to its end.
 */
template <typename Fn>
bool CallQuietly(Fn&& fn) noexcept {
    static_assert(std::is_void_v<std::invoke_result_t<Fn&>>, "nothing is returned");
    struct Frame {
        std::remove_reference_t<Fn>* fn;
    } frame{std::addressof(fn)};
    return internal::RunQuietly([](void* argument) { (*static_cast<Frame*>(argument)->fn)(); },
                                &frame);
}

/**
 * The poll callback for core's long loops, of type void (*)(): serves a pending cancel, timeout or
 * termination. One load when nothing is pending; throws PgError (57014 and the like) when the
 * query is to end.
 */
inline void PollInterrupts() {
    if (INTERRUPTS_PENDING_CONDITION()) internal::ServeInterrupts();
}

/**
 * For code that ereports itself (storage): raises the error that Enter raises for kCorrupt.
 * `problem` is a phrase as in core::Error; detail may be null.
 */
[[noreturn]] void ReportIndexCorrupted(Relation index, const char* problem,
                                       const char* detail = nullptr);

}  // namespace namedex::pg
