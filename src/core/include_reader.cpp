#include "core/include_reader.hpp"

#include <algorithm>
#include <cstring>

#include "core/byte_run.hpp"
#include "core/page_directory.hpp"

namespace namedex::core {

namespace {

// What is worth keeping between searches: room for a value, and a dictionary.
constexpr std::size_t kKeptTextBytes = std::size_t{16} << 10;
constexpr std::size_t kKeptDictionaryBytes = std::size_t{64} << 10;

}  // namespace

IncludeReader::IncludeReader(IncludeType type, const IncludeSource& source, std::uint32_t row_count,
                             std::pmr::memory_resource* memory)
    : type_(type),
      source_(source),
      row_count_(row_count),
      memory_(memory),
      page_first_(NumberReader(source_.directory, {0, 0}).Take(source_.pages.page_count(), memory)),
      long_text_(memory) {
    CheckDirectory(page_first_, row_count_);
}

void IncludeReader::Release() noexcept {
    page_rows_ = block_rows_ = 0;
    page_.Reset();
    long_page_.Reset();
}

void IncludeReader::Trim() {
    if (dictionary_ != nullptr && dictionary_->memory_bytes() > kKeptDictionaryBytes) {
        dictionary_.reset();
    }
    if (long_text_.capacity() > kKeptTextBytes) {
        long_text_ = std::pmr::string(memory_);
    }
}

bool IncludeReader::ReadNumber(RowOrdinal row, std::int64_t& value) {
    if (type_.kind != IncludeKind::kNumber) {
        ThrowInternal("a number was asked for of an INCLUDE column that has none");
    }
    if (row - block_begin_ >= block_rows_) {
        Seek(row);
    }
    if (kind_ == IncludePageKind::kCodes) {
        std::string_view entry;
        if (!ReadEntry(row, entry)) {
            return false;
        }
        value = LoadNumber(entry.data(), type_.width);
        return true;
    }
    if (!numbers_.Read(row - block_begin_, value)) {
        return false;
    }
    // As wide as it may be, whatever is stored.
    const unsigned excess = 64 - 8 * type_.width;
    value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << excess) >> excess;
    return true;
}

bool IncludeReader::Read(RowOrdinal row, std::string_view& value) {
    if (row - block_begin_ >= block_rows_) {
        Seek(row);
    }
    switch (kind_) {
        case IncludePageKind::kCodes:
            return ReadEntry(row, value);
        case IncludePageKind::kTexts:
            return ReadText(row, value);
        default: {
            std::int64_t number;
            if (!numbers_.Read(row - block_begin_, number)) {
                return false;
            }
            StoreLe(number_, number);
            value = {number_, type_.width};
            return true;
        }
    }
}

bool IncludeReader::ReadEntry(RowOrdinal row, std::string_view& entry) {
    std::int64_t code;
    if (!numbers_.Read(row - block_begin_, code)) {
        return false;
    }
    if (dictionary_ == nullptr) {
        dictionary_ = std::make_unique<IncludeDictionary>(source_.dictionary, type_.width, memory_);
    }
    if (static_cast<std::uint64_t>(code) >= dictionary_->size()) {
        ThrowCorrupt("a row of an INCLUDE column has a code that does not exist");
    }
    entry = dictionary_->Entry(static_cast<std::size_t>(code));
    return true;
}

bool IncludeReader::ReadText(RowOrdinal row, std::string_view& value) {
    StoredText stored;
    if (!texts_.Read(row - block_begin_, stored)) {
        return false;
    }
    if (stored.is_long) {
        value = LongValue(stored.bytes);
    } else if (texts_.prefix().empty()) {
        value = stored.bytes;
    } else {
        const std::size_t prefix = texts_.prefix().size();
        if (stored.bytes.size() > kMaxInlineBytes) {
            ThrowCorrupt("a value of an INCLUDE column is longer than it may be");
        }
        std::memcpy(text_ + prefix, stored.bytes.data(), stored.bytes.size());
        value = {text_, prefix + stored.bytes.size()};
    }
    return true;
}

std::string_view IncludeReader::LongValue(std::string_view reference) {
    Loc at{LoadLe<std::uint32_t>(reference.data()), LoadLe<std::uint32_t>(reference.data() + 4)};
    const auto size = LoadLe<std::uint32_t>(reference.data() + 8);
    if (size > kMaxIncludeBytes || !HoldsRun(source_.long_values, at, size)) {
        ThrowCorrupt("a long value of an INCLUDE column runs past its section");
    }
    ReadRun(source_.long_values, long_page_, at, size, long_text_);
    return long_text_;
}

void IncludeReader::Seek(RowOrdinal row) {
    block_rows_ = 0;
    if (row - page_begin_ >= page_rows_) {
        OpenPage(row);
    }
    const std::uint32_t rows_a_block = BlockRows(kind_);
    const std::uint32_t block = (row - page_begin_) / rows_a_block;
    const std::uint32_t first = block * rows_a_block;
    const std::uint32_t rows = std::min(rows_a_block, page_rows_ - first);
    const auto offset = LoadLe<std::uint16_t>(page_.payload() + kIncludePageHeader + 2 * block);
    if (kind_ == IncludePageKind::kTexts) {
        texts_.Open(page_.bytes(), offset, rows);
        std::copy(texts_.prefix().begin(), texts_.prefix().end(), text_);
    } else {
        numbers_.Open(page_.bytes(), offset, rows,
                      kind_ == IncludePageKind::kCodes ? kCodeBytes : type_.width);
    }
    block_begin_ = page_begin_ + first;
    block_rows_ = rows;
}

void IncludeReader::OpenPage(RowOrdinal row) {
    if (row >= row_count_) {
        ThrowInternal("a row beyond the segment's last was looked up");
    }
    page_rows_ = 0;
    const std::uint32_t page = FindPage(page_first_, row);
    page_ = source_.pages.Page(page);
    ByteReader header(page_.bytes());
    const std::uint32_t first = header.U32();
    const std::uint32_t rows = header.U32();
    const std::uint16_t kind = header.U16();
    const auto plain = static_cast<std::uint16_t>(
        type_.kind == IncludeKind::kNumber ? IncludePageKind::kNumbers : IncludePageKind::kTexts);
    if (first != page_first_[page] || rows != page_first_[page + 1] - first ||
        (kind != plain && kind != static_cast<std::uint16_t>(IncludePageKind::kCodes))) {
        ThrowCorrupt("a page of an INCLUDE column does not hold the rows of its directory entry");
    }
    kind_ = static_cast<IncludePageKind>(kind);
    const std::uint32_t rows_a_block = BlockRows(kind_);
    header.Take(2 * ((std::size_t{rows} + rows_a_block - 1) / rows_a_block));
    page_begin_ = first;
    page_rows_ = rows;
}

}  // namespace namedex::core
