// The port through which core folds case: the server's lower() under the key column's collation.
//
// Fold works on whole values, because the server folds whole values: with context rules (final
// sigma) fold(a + b) may differ from fold(a) + fold(b). The flags say what may be relied upon
// beyond that; each defaults to the answer that is always right.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/encoding.hpp"

namespace namedex::core {

class Folder {
  public:
    virtual ~Folder();

    // Replaces `out` by the folded form of `in`. `in` must not point into `out`.
    virtual void Fold(std::string_view in, std::string& out) const = 0;

    // The same, without asking the server where the value is ASCII and that folds byte by byte.
    void FoldFast(std::string_view in, std::string& out) const;

    // Whether a word that holds `text` is sure, when folded, to hold the fold of `text`: only then may
    // folded words be searched for what is to match as it is written.
    bool KeepsWithin(std::string_view text) const;

    Encoding encoding;
    // If set, a value of ASCII bytes alone folds byte by byte through ascii_fold. The table must
    // leave every delimiter as it is and map word bytes to word bytes (to one >= 0x80, if need be).
    bool ascii_bytewise = false;
    std::array<std::uint8_t, 128> ascii_fold{};
    // If set, any value folds character by character: fold(a + b) = fold(a) + fold(b).
    bool context_free = false;
    // If set, a case-sensitive match of an ASCII literal implies a match of its fold in the folded
    // word. False where lower() has rules about ASCII letters (tr, az, lt).
    bool ascii_words_safe = false;

  protected:
    Folder() = default;
    Folder(const Folder&) = default;
    Folder& operator=(const Folder&) = default;
};

// The table that lowers A-Z and keeps every other byte.
std::array<std::uint8_t, 128> AsciiLowerTable();

}  // namespace namedex::core
