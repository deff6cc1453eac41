#include "core/segment_format.hpp"

namespace namedex::core {

namespace {

SectionRange ReadRange(ByteReader& reader, std::uint32_t header_page) {
    SectionRange range;
    range.first_page = reader.U32();
    range.page_count = reader.U32();
    if (range.first_page > header_page || range.page_count > header_page - range.first_page) {
        ThrowCorrupt("a section lies outside its segment");
    }
    return range;
}

}  // namespace

IncludeTypes SegmentHeader::include_types() const {
    IncludeTypes types;
    for (const IncludeHeader& include : includes) {
        types.push_back(include.type);
    }
    return types;
}

std::uint64_t SegmentHeader::include_pages() const {
    std::uint64_t pages = 0;
    for (const IncludeHeader& include : includes) {
        for (const SectionRange& range : include.sections) {
            pages += range.page_count;
        }
    }
    return pages;
}

std::vector<std::uint8_t> EncodeSegmentHeader(const SegmentHeader& header) {
    std::vector<std::uint8_t> out;
    PutLe<std::uint32_t>(out, kSegmentMagic);
    PutLe<std::uint16_t>(out, kSegmentVersion);
    PutLe<std::uint8_t>(out, static_cast<std::uint8_t>(header.columns.size()));
    PutLe<std::uint8_t>(out, static_cast<std::uint8_t>(header.includes.size()));
    PutLe<std::uint32_t>(out, header.row_count);
    const auto put_range = [&out](const SectionRange& range) {
        PutLe<std::uint32_t>(out, range.first_page);
        PutLe<std::uint32_t>(out, range.page_count);
    };
    for (const SectionRange& range : header.sections) {
        put_range(range);
    }
    for (const ColumnHeader& column : header.columns) {
        for (const SectionRange& range : column.sections) {
            put_range(range);
        }
        PutLe<std::uint32_t>(out, column.word_count);
        PutLe<std::uint32_t>(out, column.block_count);
        PutLe<std::uint32_t>(out, column.opaque_count);
        PutLe<std::uint32_t>(out, column.shape_count);
        PutLe<std::uint32_t>(out, column.nulls.count);
        PutLe<std::uint32_t>(out, column.nulls.loc.page);
        PutLe<std::uint32_t>(out, column.nulls.loc.offset);
        PutLe<std::uint64_t>(out, column.posting_count);
        PutLe<std::uint64_t>(out, column.text_bytes);
    }
    for (const IncludeHeader& include : header.includes) {
        PutLe<std::uint8_t>(out, static_cast<std::uint8_t>(include.type.kind));
        PutLe<std::uint8_t>(out, include.type.width);
        PutLe<std::uint16_t>(out, 0);
        for (const SectionRange& range : include.sections) {
            put_range(range);
        }
    }
    return out;
}

SegmentHeader DecodeSegmentHeader(Span bytes, std::uint32_t page_count) {
    ByteReader reader(bytes);
    if (reader.U32() != kSegmentMagic) {
        ThrowCorrupt("a segment header has a wrong magic number");
    }
    if (const std::uint16_t version = reader.U16(); version != kSegmentVersion) {
        ThrowVersionMismatch("a segment has format version " + std::to_string(version));
    }
    const std::uint32_t columns = reader.U8();
    const std::uint32_t includes = reader.U8();
    if (columns == 0 || columns + includes > kMaxColumns) {
        ThrowCorrupt("a segment header has an impossible number of columns");
    }
    const std::uint32_t header_page = page_count - 1;
    SegmentHeader header;
    header.row_count = reader.U32();
    if (header.row_count > kMaxSegmentRows) {
        ThrowCorrupt("a segment header has an impossible number of rows");
    }
    for (SectionRange& range : header.sections) {
        range = ReadRange(reader, header_page);
    }
    const std::uint64_t tombstones = header[SegmentSection::kTombstones].page_count;
    if (tombstones * kTombstonesPerPage < header.row_count) {
        ThrowCorrupt("a segment has fewer tombstones than rows");
    }
    header.columns.resize(columns);
    for (ColumnHeader& column : header.columns) {
        for (SectionRange& range : column.sections) {
            range = ReadRange(reader, header_page);
        }
        column.word_count = reader.U32();
        column.block_count = reader.U32();
        column.opaque_count = reader.U32();
        column.shape_count = reader.U32();
        column.nulls.count = reader.U32();
        column.nulls.loc.page = reader.U32();
        column.nulls.loc.offset = reader.U32();
        column.posting_count = reader.U64();
        column.text_bytes = reader.U64();
        if (column.nulls.count > header.row_count || column.opaque_count > header.row_count) {
            ThrowCorrupt("a segment column counts more rows than the segment has");
        }
    }
    header.includes.resize(includes);
    for (IncludeHeader& include : header.includes) {
        include.type.kind = static_cast<IncludeKind>(reader.U8());
        include.type.width = reader.U8();
        if (!IsSound(include.type) || reader.U16() != 0) {
            ThrowCorrupt("an INCLUDE column of a segment has an impossible type");
        }
        for (SectionRange& range : include.sections) {
            range = ReadRange(reader, header_page);
        }
    }
    return header;
}

}  // namespace namedex::core
