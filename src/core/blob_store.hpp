// Values kept whole: original and folded bytes of the opaque rows of one key column, by opaque id.
//
// *Data* section: the bytes of all values one after the other, running over page ends: every page
// but the last is full. *Directory* section: an entry of kBlobEntryBytes for each value, ids from 0
// in ascending order of row ordinal, kBlobEntriesPerPage to a page:
//     u32 row ordinal, u32 page and u32 offset in the data section, u32 original bytes, u32 folded
//     bytes
// The folded bytes follow the original ones; kBlobSameFolded instead of their number says that they
// are equal to the original and not stored.
//
// Invariant: ordinals ascend, and a value's bytes lie inside the data section; the reader checks
// lengths against the section before it allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/ids.hpp"
#include "core/pages.hpp"

namespace namedex::core {

inline constexpr std::size_t kBlobEntryBytes = 20;
inline constexpr std::uint32_t kBlobEntriesPerPage = kPagePayload / kBlobEntryBytes;
inline constexpr std::uint32_t kBlobSameFolded = 0xFFFFFFFFu;
inline constexpr std::size_t kMaxBlobBytes = std::size_t{64} << 20;
// Folding may lengthen a value: a character of 2 bytes can fold to several of up to 4.
inline constexpr std::size_t kMaxFoldedBlobBytes = 4 * kMaxBlobBytes;

class BlobWriter {
  public:
    BlobWriter(SectionWriter& data, SectionWriter& directory)
        : data_(&data), directory_(&directory) {}

    // Returns the opaque id. Ordinals ascend (else kInternal); a value past kMaxBlobBytes is
    // kTooLarge.
    std::uint32_t Add(RowOrdinal ordinal, std::string_view original, std::string_view folded);
    std::uint32_t count() const { return count_; }
    // Finishes both sections (SectionWriter::Finish may be called again for the page count).
    void Finish();

  private:
    SectionWriter* data_;
    SectionWriter* directory_;
    std::uint32_t count_ = 0;
    RowOrdinal last_ordinal_ = 0;
};

class BlobReader {
  public:
    BlobReader(SectionReader data, SectionReader directory);

    std::uint32_t count() const { return count_; }
    // `id` < count(), else kCorrupt: ids come out of stored rows.
    RowOrdinal Ordinal(std::uint32_t id) const;
    void Read(std::uint32_t id, std::string& original, std::string& folded) const;

    // Visits all values in id order: visit(id, ordinal, original, folded); the views hold for the
    // call.
    template <typename Visit>
    void ForEach(Visit&& visit) const {
        std::string original;
        std::string folded;
        for (std::uint32_t id = 0; id < count_; ++id) {
            const RowOrdinal ordinal = Ordinal(id);
            if (id > 0 && ordinal <= Ordinal(id - 1)) {
                ThrowCorrupt("opaque values are out of order");
            }
            Read(id, original, folded);
            visit(id, ordinal, std::string_view(original), std::string_view(folded));
        }
    }

    // Unpins; the next call pins again.
    void Release() noexcept;

  private:
    struct Entry {
        RowOrdinal ordinal;
        Loc at;
        std::uint32_t original_bytes;
        std::uint32_t folded_bytes;
    };
    Entry EntryOf(std::uint32_t id) const;

    SectionReader data_;
    SectionReader directory_;
    std::uint32_t count_ = 0;
    mutable PinnedPage data_page_;
    mutable PinnedPage directory_page_;
};

}  // namespace namedex::core
