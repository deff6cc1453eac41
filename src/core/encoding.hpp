// The server's encodings as pattern matching sees them: how far one character reaches.
//
// Every encoding a server can store has the property that a byte below 0x80 is a whole character,
// never a part of a longer one. Hence a cut at an ASCII byte is always a cut between characters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace namedex::core {

enum class EncodingKind : std::uint8_t {
    kSingleByte,  // every byte is a character
    kUtf8,        // a character is one byte and the continuation bytes (10xxxxxx) after it
    kMultiByte,   // any other (the EUC family): char_length tells
};

struct Encoding {
    EncodingKind kind = EncodingKind::kUtf8;
    // For kMultiByte: the length of the character at `at`. It may look at up to 4 bytes.
    int (*char_length)(const unsigned char* at) = nullptr;
    // Called now and then while one text is matched, which may take seconds if text and pattern are
    // long; it stops the work by throwing. May be null.
    void (*poll)() = nullptr;

    // Bytes of the character at `at`, at least 1 and at most `remaining`, which must be at least 1.
    // Never reads past at + remaining, whatever char_length does.
    std::size_t CharLength(const char* at, std::size_t remaining) const {
        switch (kind) {
            case EncodingKind::kSingleByte:
                return 1;
            case EncodingKind::kUtf8: {
                std::size_t length = 1;
                while (length < remaining && IsUtf8Continuation(at[length])) {
                    ++length;
                }
                return length;
            }
            case EncodingKind::kMultiByte:
                break;
        }
        return MultiByteLength(at, remaining);
    }

    static bool IsUtf8Continuation(char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
    }

  private:
    std::size_t MultiByteLength(const char* at, std::size_t remaining) const {
        if (static_cast<unsigned char>(*at) < 0x80) {
            return 1;
        }
        unsigned char head[8] = {};
        std::memcpy(head, at, remaining < 4 ? remaining : 4);
        const int length = char_length(head);
        if (length < 1) {
            return 1;
        }
        const auto wanted = static_cast<std::size_t>(length);
        return wanted < remaining ? wanted : remaining;
    }
};

}  // namespace namedex::core
