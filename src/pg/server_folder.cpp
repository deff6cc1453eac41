#include "pg/server_folder.hpp"

#include <map>

#include "pg/boundary.hpp"
#include "pg/compat.hpp"

#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif
#ifdef USE_ICU
extern "C" {
#include <unicode/uchar.h>
// The server's ICU, if it has one: a weak reference asks for no library of its own, and is null in
// a server that was built without ICU or with another one than this module was compiled against
// (the names end in ICU's major version, such as u_getVersion_72).
__attribute__((weak)) void u_getVersion(UVersionInfo version);
__attribute__((weak)) void u_getUnicodeVersion(UVersionInfo version);
}
#endif

namespace namedex::pg {

namespace {

class ServerFolder final : public core::Folder {
  public:
    explicit ServerFolder(Oid collation) : collation_(collation) {
        encoding = ServerEncoding();
        context_free = Call([&] { return compat::FoldsByCharacter(collation); });
        FindAsciiTable();
        ascii_words_safe = context_free || (ascii_bytewise && !HasLithuanianRules());
    }

    void Fold(std::string_view in, std::string& out) const override {
        if (in.empty()) {
            out.clear();
            return;
        }
        char* folded =
            Call([&] { return str_tolower(in.data(), in.size(), collation_); });
        out.assign(folded);
        pfree(folded);
    }

  private:
    // Folds all ASCII characters at once. If each gives one ASCII byte of its own kind, and folding
    // it alone gives the same, then ASCII text folds byte by byte.
    void FindAsciiTable() {
        std::string all;
        for (int c = 1; c < 128; ++c) {
            all.push_back(static_cast<char>(c));
        }
        std::string folded;
        Fold(all, folded);
        const std::array<std::uint8_t, 128> expected = core::AsciiLowerTable();
        ascii_fold = expected;
        ascii_bytewise = folded.size() == all.size();
        for (std::size_t i = 0; ascii_bytewise && i < all.size(); ++i) {
            ascii_bytewise = static_cast<std::uint8_t>(folded[i]) == expected[i + 1];
        }
    }

    // Lithuanian keeps the dot of a lower-case i under an accent, by inserting U+0307.
    bool HasLithuanianRules() const {
        if (encoding.kind != core::EncodingKind::kUtf8) {
            return true;  // not known, so not excluded
        }
        std::string folded;
        Fold("I\u0300", folded);
        return folded != "i\u0300";
    }

    Oid collation_;
};

class IdentityFolderType final : public core::Folder {
  public:
    IdentityFolderType() {
        encoding = {core::EncodingKind::kSingleByte, nullptr};
        for (std::size_t c = 0; c < ascii_fold.size(); ++c) {
            ascii_fold[c] = static_cast<std::uint8_t>(c);
        }
        ascii_bytewise = true;
        context_free = true;
        ascii_words_safe = true;
    }

    void Fold(std::string_view in, std::string& out) const override { out.assign(in); }
};

// The versions of ICU and of its Unicode tables, of which the version of a collation does not tell
// everything; nothing if they cannot be asked for.
std::optional<std::string> IcuVersions() {
#ifdef USE_ICU
    std::string text;
    for (const auto get_version : {&u_getVersion, &u_getUnicodeVersion}) {
        if (get_version == nullptr) {
            return std::nullopt;
        }
        UVersionInfo version;
        get_version(version);
        for (const std::uint8_t number : version) {
            text += std::to_string(number) + '.';
        }
        text += ' ';
    }
    return text;
#else
    return std::nullopt;
#endif
}

// The version of the C library, whose tables the server does not give a version for C.UTF-8 and its
// like.
std::string LibcVersion() {
#ifdef __GLIBC__
    return gnu_get_libc_version();
#else
    return {};
#endif
}

int CharacterLength(const unsigned char* at) {
    return pg_mblen(reinterpret_cast<const char*>(at));
}

}  // namespace

const core::Folder& FolderOf(Oid collation) {
    static std::map<Oid, std::unique_ptr<const ServerFolder>> folders;
    std::unique_ptr<const ServerFolder>& folder = folders[collation];
    if (!folder) {
        folder = std::make_unique<const ServerFolder>(collation);
    }
    return *folder;
}

const core::Folder& IdentityFolder() {
    static const IdentityFolderType folder;
    return folder;
}

std::optional<std::uint64_t> FoldVersion(Oid collation) {
    static std::map<Oid, std::optional<std::uint64_t>> versions;
    const auto known = versions.find(collation);
    if (known != versions.end()) {
        return known->second;
    }
    struct Description {
        const char* text;
        bool is_c;
        bool by_icu;
    };
    const Description description = Call([&] {
        return Description{compat::DescribeFolding(collation), compat::CtypeIsC(collation),
                           compat::FoldsByIcu(collation)};
    });
    std::string text = description.text;
    if (description.by_icu) {
        const std::optional<std::string> icu = IcuVersions();
        if (!icu) {
            versions.emplace(collation, std::nullopt);
            return std::nullopt;
        }
        text += ' ' + *icu;
    } else if (!description.is_c) {
        text += ' ' + LibcVersion();
    }
    std::uint64_t hash = 0xCBF29CE484222325u;  // FNV-1a
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
    }
    versions.emplace(collation, hash);
    return hash;
}

core::Encoding ServerEncoding() {
    if (pg_database_encoding_max_length() == 1) {
        return {core::EncodingKind::kSingleByte, nullptr, &PollInterrupts};
    }
    if (GetDatabaseEncoding() == PG_UTF8) {
        return {core::EncodingKind::kUtf8, nullptr, &PollInterrupts};
    }
    return {core::EncodingKind::kMultiByte, CharacterLength, &PollInterrupts};
}

}  // namespace namedex::pg
