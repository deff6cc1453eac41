#include "core/blob_store.hpp"

#include "core/byte_run.hpp"

namespace namedex::core {

std::uint32_t BlobWriter::Add(RowOrdinal ordinal, std::string_view original,
                              std::string_view folded) {
    if (count_ > 0 && ordinal <= last_ordinal_) {
        ThrowInternal("opaque values are out of order");
    }
    if (original.size() > kMaxBlobBytes || folded.size() > kMaxFoldedBlobBytes) {
        ThrowTooLarge("a value is too large for the index",
                      "Values of unusual form may have at most 64 MB.");
    }
    const Loc at = AppendRun(*data_, original);
    const bool same = original == folded;
    std::uint8_t entry[kBlobEntryBytes];
    StoreLe<std::uint32_t>(entry, ordinal);
    StoreLe<std::uint32_t>(entry + 4, at.page);
    StoreLe<std::uint32_t>(entry + 8, at.offset);
    StoreLe<std::uint32_t>(entry + 12, static_cast<std::uint32_t>(original.size()));
    StoreLe<std::uint32_t>(entry + 16,
                           same ? kBlobSameFolded : static_cast<std::uint32_t>(folded.size()));
    directory_->Append(entry, sizeof entry);
    if (!same) {
        AppendRun(*data_, folded);
    }
    last_ordinal_ = ordinal;
    return count_++;
}

void BlobWriter::Finish() {
    data_->Finish();
    directory_->Finish();
}

BlobReader::BlobReader(SectionReader data, SectionReader directory)
    : data_(data), directory_(directory) {
    if (directory_.page_count() == 0) {
        return;
    }
    const std::uint32_t last = directory_.page_count() - 1;
    const std::uint32_t used = directory_.Page(last).used();
    const std::uint64_t count = std::uint64_t{last} * kBlobEntriesPerPage + used / kBlobEntryBytes;
    if (used % kBlobEntryBytes != 0 || count > 0xFFFFFFFFu) {
        ThrowCorrupt("the directory of opaque values is damaged");
    }
    count_ = static_cast<std::uint32_t>(count);
}

void BlobReader::Release() noexcept {
    data_page_.Reset();
    directory_page_.Reset();
}

BlobReader::Entry BlobReader::EntryOf(std::uint32_t id) const {
    if (id >= count_) {
        ThrowCorrupt("an opaque value does not exist");
    }
    const Loc at{id / kBlobEntriesPerPage,
                 id % kBlobEntriesPerPage * static_cast<std::uint32_t>(kBlobEntryBytes)};
    ByteReader reader(directory_.At(at, directory_page_));
    Entry entry;
    entry.ordinal = reader.U32();
    entry.at.page = reader.U32();
    entry.at.offset = reader.U32();
    entry.original_bytes = reader.U32();
    entry.folded_bytes = reader.U32();
    return entry;
}

RowOrdinal BlobReader::Ordinal(std::uint32_t id) const {
    return EntryOf(id).ordinal;
}

void BlobReader::Read(std::uint32_t id, std::string& original, std::string& folded) const {
    const Entry entry = EntryOf(id);
    const bool same = entry.folded_bytes == kBlobSameFolded;
    const std::uint64_t size =
        std::uint64_t{entry.original_bytes} + (same ? 0 : entry.folded_bytes);
    if (entry.original_bytes > kMaxBlobBytes ||
        (!same && entry.folded_bytes > kMaxFoldedBlobBytes) || !HoldsRun(data_, entry.at, size)) {
        ThrowCorrupt("an opaque value runs past its section");
    }
    Loc at = entry.at;
    ReadRun(data_, data_page_, at, entry.original_bytes, original);
    if (same) {
        folded = original;
    } else {
        ReadRun(data_, data_page_, at, entry.folded_bytes, folded);
    }
}

}  // namespace namedex::core
