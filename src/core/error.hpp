/*
 * The one exception type that core throws.
 *
 * Core knows nothing of the server: it says what is wrong in the server's three parts (message,
 * detail, hint) and with a code, and pg/boundary turns the code into a SQLSTATE. Running out of
 * memory is std::bad_alloc, thrown by the memory resource that core was given.
 *
 * Messages follow the server's style: the message is one phrase, lower case, without a period;
 * detail and hint are sentences. A kCorrupt message is put after "index "x" is corrupted: ".
 *
 *     if (end > page.size()) ThrowCorrupt("posting list runs past its page");
 */
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

namespace namedex::core {

enum class ErrorCode : std::uint8_t {
    kCorrupt,          // stored bytes break the format                        XX002
    kVersionMismatch,  // stored by another format version or other fold rules 55000
    kTooLarge,         // a limit of the format is passed                      54000
    kUnsupported,      // well formed, but not offered                         0A000
    kInvalidArgument,  // the caller's value is wrong                          22023
    kSyntax,           // the caller's text does not follow its grammar        42601
    kCanceled,         // the poll callback asked to stop                      57014
    kInternal,         // an invariant of our own does not hold                XX000
    kRetry,            // what is read has been replaced meanwhile             40001
};

class Error : public std::exception {
  public:
    explicit Error(ErrorCode code, std::string message, std::string detail = {},
                   std::string hint = {})
        : code_(code),
          message_(std::move(message)),
          detail_(std::move(detail)),
          hint_(std::move(hint)) {}

    ErrorCode code() const noexcept { return code_; }
    const std::string& message() const noexcept { return message_; }
    const std::string& detail() const noexcept { return detail_; }
    const std::string& hint() const noexcept { return hint_; }
    const char* what() const noexcept override { return message_.c_str(); }

  private:
    ErrorCode code_;
    std::string message_;
    std::string detail_;
    std::string hint_;
};

[[noreturn]] inline void Throw(ErrorCode code, std::string message, std::string detail = {},
                               std::string hint = {}) {
    throw Error(code, std::move(message), std::move(detail), std::move(hint));
}

[[noreturn]] inline void ThrowCorrupt(std::string message, std::string detail = {}) {
    throw Error(ErrorCode::kCorrupt, std::move(message), std::move(detail));
}

[[noreturn]] inline void ThrowVersionMismatch(std::string message, std::string detail = {}) {
    throw Error(ErrorCode::kVersionMismatch, std::move(message), std::move(detail));
}

[[noreturn]] inline void ThrowTooLarge(std::string message, std::string detail = {},
                                       std::string hint = {}) {
    throw Error(ErrorCode::kTooLarge, std::move(message), std::move(detail), std::move(hint));
}

[[noreturn]] inline void ThrowUnsupported(std::string message, std::string detail = {},
                                          std::string hint = {}) {
    throw Error(ErrorCode::kUnsupported, std::move(message), std::move(detail), std::move(hint));
}

[[noreturn]] inline void ThrowInvalidArgument(std::string message, std::string detail = {},
                                              std::string hint = {}) {
    throw Error(ErrorCode::kInvalidArgument, std::move(message), std::move(detail),
                std::move(hint));
}

[[noreturn]] inline void ThrowRetry(std::string message) {
    throw Error(ErrorCode::kRetry, std::move(message), {}, "The query can be tried again.");
}

[[noreturn]] inline void ThrowInternal(std::string message, std::string detail = {}) {
    throw Error(ErrorCode::kInternal, std::move(message), std::move(detail));
}

}  // namespace namedex::core
