/*
 * The two doors of boundary.hpp.
 *
 * Enter. While the exception is alive its parts are copied to ErrorContext (which keeps 8 kB in
 * reserve and is emptied when the error is flushed) with allocations that return null instead of
 * raising. Only after the catch block has ended, when no C++ object is left, is the error raised.
 *
 * Call. The frame of RunGuarded is where a longjmp lands. What it needs afterwards is set before
 * sigsetjmp and never changed. The ErrorData is copied to a memory context of its own, which
 * belongs to the PgError: no context of the running query is sure to live until the frames are
 * unwound. Copying may itself run out of memory, so it has a landing place of its own.
 */
#include "pg/boundary.hpp"

#include <cxxabi.h>

#include <typeinfo>

#include "pg/context_resource.hpp"

namespace namedex::pg {

// ---------------------------------------------------------------- PgError

struct PgError::Holder {
    Holder(MemoryContext context, ErrorData* data) noexcept : context(context), data(data) {}
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    ~Holder() {
        if (context != nullptr) MemoryContextDelete(context);
    }

    MemoryContext context;
    ErrorData* data;
};

int PgError::sqlstate() const noexcept {
    return holder_->data->sqlerrcode;
}

const ErrorData* PgError::data() const noexcept {
    return holder_->data;
}

const char* PgError::what() const noexcept {
    return holder_->data->message != nullptr ? holder_->data->message : "missing error text";
}

namespace internal {

struct PgErrorAccess {
    static PgError Make(MemoryContext context, ErrorData* data) {
        try {
            return PgError(std::make_shared<PgError::Holder>(context, data));
        } catch (...) {
            MemoryContextDelete(context);
            throw;
        }
    }

    // The ErrorData, which from now on lives until the server flushes its error state.
    static ErrorData* Release(const PgError& error) noexcept {
        PgError::Holder& holder = *error.holder_;
        if (holder.context != nullptr) MemoryContextSetParent(holder.context, ErrorContext);
        holder.context = nullptr;
        return holder.data;
    }
};

// ---------------------------------------------------------------- Call

namespace {

// What server code may leave changed when it fails.
struct ServerState {
    sigjmp_buf* exception_stack = PG_exception_stack;
    ErrorContextCallback* error_context = error_context_stack;
    MemoryContext memory_context = CurrentMemoryContext;
    ResourceOwner resource_owner = CurrentResourceOwner;
    uint32 interrupt_holdoff = InterruptHoldoffCount;
    uint32 cancel_holdoff = QueryCancelHoldoffCount;

    void RestoreStacks() const noexcept {
        PG_exception_stack = exception_stack;
        error_context_stack = error_context;
    }

    void RestoreAll() const noexcept {
        RestoreStacks();
        CurrentMemoryContext = memory_context;
        CurrentResourceOwner = resource_owner;
        InterruptHoldoffCount = interrupt_holdoff;
        QueryCancelHoldoffCount = cancel_holdoff;
    }
};

struct CopiedError {
    MemoryContext context;
    ErrorData* data;  // null: there was no memory for the copy
};

// Takes the error off the server's error stack. Leaves the other state to the caller.
CopiedError TakeServerError() noexcept {
    sigjmp_buf here;
    sigjmp_buf* const outer = PG_exception_stack;
    MemoryContext volatile context = nullptr;
    ErrorData* volatile data = nullptr;
    if (sigsetjmp(here, 0) == 0) {
        PG_exception_stack = &here;
        context = AllocSetContextCreate(TopMemoryContext, "namedex error", ALLOCSET_SMALL_SIZES);
        MemoryContextSwitchTo(context);
        data = CopyErrorData();
    }
    PG_exception_stack = outer;
    MemoryContextSwitchTo(TopMemoryContext);
    FlushErrorState();
    if (data == nullptr && context != nullptr) {
        MemoryContextDelete(context);
        context = nullptr;
    }
    return {context, data};
}

}  // namespace

void RunGuarded(void (*thunk)(void*), void* argument) {
    const ServerState saved;
    sigjmp_buf here;
    if (sigsetjmp(here, 0) == 0) {
        PG_exception_stack = &here;
        try {
            thunk(argument);
        } catch (...) {
            saved.RestoreAll();
            throw;
        }
        saved.RestoreStacks();
        return;
    }
    saved.RestoreStacks();
    const CopiedError copied = TakeServerError();
    saved.RestoreAll();
    if (copied.data == nullptr) throw std::bad_alloc();
    throw PgErrorAccess::Make(copied.context, copied.data);
}

bool RunQuietly(void (*thunk)(void*), void* argument) noexcept {
    try {
        RunGuarded(thunk, argument);
        return true;
    } catch (const PgError& error) {
        try {
            Call([&] {
                ereport(WARNING, (errcode(error.sqlstate()), errmsg_internal("%s", error.what())));
            });
        } catch (...) {
            // The report was a courtesy: there is nobody left to tell.
        }
    } catch (...) {
        // Not the server's error, and a destructor has no way to pass it on.
    }
    return false;
}

void ServeInterrupts() {
    Call([] { CHECK_FOR_INTERRUPTS(); });
}

// ---------------------------------------------------------------- Enter

struct PendingError {
    ErrorData* server_error;  // set: a PgError, and nothing below counts
    int sqlstate;
    bool is_corruption;
    bool needs_rebuild;  // of another version
    const char* message;
    const char* detail;  // null: none
    const char* hint;    // null: none
};

namespace {

int SqlStateOf(core::ErrorCode code) noexcept {
    switch (code) {
        case core::ErrorCode::kCorrupt:
            return ERRCODE_INDEX_CORRUPTED;
        case core::ErrorCode::kVersionMismatch:
            return ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
        case core::ErrorCode::kTooLarge:
            return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
        case core::ErrorCode::kUnsupported:
            return ERRCODE_FEATURE_NOT_SUPPORTED;
        case core::ErrorCode::kSyntax:
            return ERRCODE_SYNTAX_ERROR;
        case core::ErrorCode::kInvalidArgument:
            return ERRCODE_INVALID_PARAMETER_VALUE;
        case core::ErrorCode::kRetry:
            return ERRCODE_T_R_SERIALIZATION_FAILURE;
        case core::ErrorCode::kCanceled:
            return ERRCODE_QUERY_CANCELED;
        case core::ErrorCode::kInternal:
            break;
    }
    return ERRCODE_INTERNAL_ERROR;
}

void* AllocateWithoutError(std::size_t bytes) noexcept {
    if (!AllocSizeIsValid(bytes)) return nullptr;
    return MemoryContextAllocExtended(ErrorContext, bytes, MCXT_ALLOC_NO_OOM);
}

// Stored bytes may have found their way into a text: what would end it early becomes '?'.
const char* CopyText(std::string_view text) noexcept {
    auto* copy = static_cast<char*>(AllocateWithoutError(text.size() + 1));
    if (copy == nullptr) return "error text lost: out of memory";
    std::replace_copy(text.begin(), text.end(), copy, '\0', '?');
    copy[text.size()] = '\0';
    return copy;
}

const char* CopyOptionalText(std::string_view text) noexcept {
    return text.empty() ? nullptr : CopyText(text);
}

__attribute__((format(printf, 1, 2))) const char* FormatText(const char* format, ...) noexcept {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return CopyText(text);
}

const char* NameOfCurrentException() noexcept {
    const std::type_info* type = abi::__cxa_current_exception_type();
    if (type == nullptr) return nullptr;
    int status = 0;
    char* name = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
    const char* detail =
        FormatText("The exception's type is %s.", name != nullptr ? name : type->name());
    std::free(name);
    return detail;
}

}  // namespace

PendingError* DescribeCurrentException(const EntryState& state) noexcept {
    PG_exception_stack = state.exception_stack;
    error_context_stack = state.error_context;
    CurrentMemoryContext = state.memory_context;

    static PendingError without_memory;
    auto* error = static_cast<PendingError*>(AllocateWithoutError(sizeof(PendingError)));
    if (error == nullptr) error = &without_memory;
    *error = PendingError{};
    error->sqlstate = ERRCODE_INTERNAL_ERROR;
    try {
        throw;
    } catch (const PgError& caught) {
        error->server_error = PgErrorAccess::Release(caught);
    } catch (const core::Error& caught) {
        error->sqlstate = SqlStateOf(caught.code());
        error->is_corruption = caught.code() == core::ErrorCode::kCorrupt;
        error->needs_rebuild = caught.code() == core::ErrorCode::kVersionMismatch;
        error->message = CopyText(caught.message());
        error->detail = CopyOptionalText(caught.detail());
        error->hint = CopyOptionalText(caught.hint());
    } catch (const OutOfMemory& caught) {
        error->sqlstate = ERRCODE_OUT_OF_MEMORY;
        error->message = "out of memory";
        error->detail =
            caught.limit_reached()
                ? FormatText(
                      "A request of %zu bytes in memory context \"%s\" would exceed its "
                      "limit of %zu bytes.",
                      caught.requested(), caught.context_name(), caught.byte_limit())
                : FormatText("Failed on request of size %zu in memory context \"%s\".",
                             caught.requested(), caught.context_name());
    } catch (const std::bad_alloc&) {
        error->sqlstate = ERRCODE_OUT_OF_MEMORY;
        error->message = "out of memory";
    } catch (const std::exception& caught) {
        error->message = FormatText("unexpected exception: %s", caught.what());
        error->detail = NameOfCurrentException();
    } catch (...) {
        error->message = "unexpected exception";
        error->detail = NameOfCurrentException();
    }
    return error;
}

namespace {

// A text that is not valid in the database's encoding would break the client's protocol.
const char* InServerEncoding(const char* text) {
    if (text == nullptr || pg_verifymbstr(text, static_cast<int>(std::strlen(text)), true)) {
        return text;
    }
    char* ascii = pstrdup(text);
    for (char* byte = ascii; *byte != '\0'; ++byte) {
        if (IS_HIGHBIT_SET(*byte)) *byte = '?';
    }
    return ascii;
}

[[noreturn]] void RaisePlain(int sqlstate, const char* message, const char* detail,
                             const char* hint) {
    ereport(ERROR, (errcode(sqlstate), errmsg_internal("%s", message),
                    detail != nullptr ? errdetail_internal("%s", detail) : 0,
                    hint != nullptr ? errhint("%s", hint) : 0));
    pg_unreachable();
}

// An error about the contents of an index: names it and says how to rebuild it.
[[noreturn]] void RaiseAboutIndex(Oid index, bool is_corruption, const char* problem,
                                  const char* detail, const char* hint) {
    const int sqlstate =
        is_corruption ? ERRCODE_INDEX_CORRUPTED : ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
    const char* name = nullptr;
    const char* rebuild = "Rebuild the index with REINDEX.";
    if (OidIsValid(index) && IsTransactionState()) {
        name = get_rel_name(index);
        const char* schema = get_namespace_name(get_rel_namespace(index));
        if (name != nullptr && schema != nullptr) {
            rebuild = psprintf("REINDEX INDEX %s;", quote_qualified_identifier(schema, name));
        }
    }
    const char* verdict = is_corruption ? "is corrupted" : "must be rebuilt";
    const char* message =
        name != nullptr ? psprintf("index \"%s\" %s: %s", name, verdict, problem) : problem;
    RaisePlain(sqlstate, message, detail,
               hint != nullptr ? psprintf("%s\n%s", hint, rebuild) : rebuild);
}

}  // namespace

void Raise(PendingError* error, Oid index) {
    if (error->server_error != nullptr) {
        // ereport would do so; ReThrowError leaves them as the unwound frames did.
        InterruptHoldoffCount = 0;
        QueryCancelHoldoffCount = 0;
        ReThrowError(error->server_error);
    }
    const char* message = InServerEncoding(error->message);
    const char* detail = InServerEncoding(error->detail);
    const char* hint = InServerEncoding(error->hint);
    if (error->is_corruption || error->needs_rebuild) {
        RaiseAboutIndex(index, error->is_corruption, message, detail, hint);
    }
    RaisePlain(error->sqlstate, message, detail, hint);
}

}  // namespace internal

void ReportIndexCorrupted(Relation index, const char* problem, const char* detail) {
    internal::RaiseAboutIndex(RelationGetRelid(index), true, problem, detail, nullptr);
}

}  // namespace namedex::pg
