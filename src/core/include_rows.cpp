#include "core/include_rows.hpp"

#include <cstring>

#include "core/error.hpp"

namespace namedex::core {

IncludeRows::IncludeRows(IncludeType type, std::pmr::memory_resource* memory)
    : type_(type), nulls_(memory), places_(memory), bytes_(memory), longs_(memory) {
    if (!IsSound(type)) {
        ThrowInternal("an INCLUDE column has an impossible type");
    }
}

IncludeRows::~IncludeRows() {
    for (std::size_t i = 0; i < longs_.size(); ++i) {
        if (longs_[i].bytes != nullptr) {
            longs_.memory()->deallocate(longs_[i].bytes, longs_[i].size, 1);
        }
    }
}

std::size_t IncludeRows::NewPlace(std::size_t size) {
    if (bytes_.size() - used_ < size) {
        used_ = bytes_.AppendBlock();
    }
    const std::size_t place = used_;
    used_ += size;
    return place;
}

void IncludeRows::EndRow(bool is_null) {
    if (rows_ % 64 == 0) {
        nulls_.push_back(0);
    }
    if (is_null) {
        nulls_[rows_ / 64] |= std::uint64_t{1} << rows_ % 64;
    }
    ++rows_;
}

void IncludeRows::AddNull() {
    if (type_.kind == IncludeKind::kNumber) {
        NewPlace(type_.width);
    } else {
        places_.push_back(0);
    }
    EndRow(true);
}

void IncludeRows::Add(std::string_view bytes) {
    if (type_.kind == IncludeKind::kNumber) {
        if (bytes.size() != type_.width) {
            ThrowInternal("a number of an INCLUDE column has an impossible size");
        }
        std::memcpy(&bytes_[NewPlace(type_.width)], bytes.data(), bytes.size());
        EndRow(false);
        return;
    }
    if (bytes.size() > kMaxIncludeBytes) {
        ThrowTooLarge("a value is too large for the index",
                      "Values of INCLUDE columns may have at most 64 MB.");
    }
    if (used_ > UINT32_MAX - 2 * bytes_.kBlockBytes) {
        ThrowTooLarge("there are too many pending rows", {}, "VACUUM the table.");
    }
    const bool is_long = bytes.size() > kMaxInPlace;
    std::uint32_t number = 0;
    if (is_long) {
        number = static_cast<std::uint32_t>(longs_.size());
        longs_.push_back(
            {nullptr, bytes.size()});  // first, so that what is allocated has its place
        char* const text = static_cast<char*>(longs_.memory()->allocate(bytes.size(), 1));
        longs_[number].bytes = text;
        long_bytes_ += bytes.size();
        std::memcpy(text, bytes.data(), bytes.size());
    }
    const auto size = is_long ? kLong : static_cast<std::uint16_t>(bytes.size());
    const std::size_t place = NewPlace(sizeof size + (is_long ? sizeof number : bytes.size()));
    char* const at = &bytes_[place];
    std::memcpy(at, &size, sizeof size);
    if (is_long) {
        std::memcpy(at + sizeof size, &number, sizeof number);
    } else if (!bytes.empty()) {
        std::memcpy(at + sizeof size, bytes.data(), bytes.size());
    }
    places_.push_back(static_cast<std::uint32_t>(place));
    EndRow(false);
}

std::optional<std::string_view> IncludeRows::Value(RowOrdinal row) const {
    if ((nulls_[row / 64] >> row % 64 & 1) != 0) {
        return std::nullopt;
    }
    if (type_.kind == IncludeKind::kNumber) {
        return std::string_view(&bytes_[std::size_t{row} * type_.width], type_.width);
    }
    const char* const at = &bytes_[places_[row]];
    std::uint16_t size;
    std::memcpy(&size, at, sizeof size);
    if (size != kLong) {
        return std::string_view(at + sizeof size, size);
    }
    std::uint32_t number;
    std::memcpy(&number, at + sizeof size, sizeof number);
    return std::string_view(longs_[number].bytes, longs_[number].size);
}

std::size_t IncludeRows::memory_bytes() const {
    return sizeof *this + nulls_.bytes() + places_.bytes() + bytes_.bytes() + longs_.bytes() +
           long_bytes_;
}

}  // namespace namedex::core
