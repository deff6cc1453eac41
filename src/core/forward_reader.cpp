#include "core/forward_reader.hpp"

#include <algorithm>
#include <utility>

#include "core/page_directory.hpp"

namespace namedex::core {

namespace {

constexpr std::uint32_t kNoShape = 0xFFFFFFFFu;

ForwardTrailer ReadTrailer(const SectionReader& dictionary, std::uint32_t word_count) {
    if (dictionary.page_count() == 0) {
        ThrowCorrupt("the dictionary of a forward store is missing");
    }
    const PinnedPage page = dictionary.Page(dictionary.page_count() - 1);
    if (page.used() < kForwardTrailerBytes) {
        ThrowCorrupt("the dictionary of a forward store is cut short");
    }
    ByteReader reader(page.payload() + page.used() - kForwardTrailerBytes, kForwardTrailerBytes);
    ForwardTrailer trailer;
    trailer.word_count = reader.U32();
    trailer.opaque_count = reader.U32();
    trailer.shape_count = reader.U32();
    trailer.shape_page_count = reader.U32();
    trailer.numbers.page = reader.U32();
    trailer.numbers.offset = reader.U32();
    if (trailer.word_count != word_count) {
        ThrowCorrupt("a forward store belongs to another lexicon");
    }
    // A shape takes 2 bytes at least; whoever keeps something for each relies on their number.
    if (trailer.shape_count > kMaxShapes || trailer.shape_page_count > dictionary.page_count() ||
        trailer.shape_count > std::uint64_t{trailer.shape_page_count} * (kPagePayload / 2) ||
        (trailer.shape_count > 0) != (trailer.shape_page_count > 0)) {
        ThrowCorrupt("the dictionary of a forward store is damaged");
    }
    trailer.row_code = PrefixCode::Parse(reader, kFirstShapeSymbol + trailer.shape_count);
    trailer.word_code = PrefixCode::Parse(reader, word_count);
    return trailer;
}

}  // namespace

struct ForwardReader::Opened {
    Opened(const SectionReader& dictionary, std::uint32_t word_count,
           std::pmr::memory_resource* memory)
        : trailer(ReadTrailer(dictionary, word_count)),
          shape_page_first(memory),
          row_symbols(memory),
          words(memory) {
        NumberReader numbers(dictionary, trailer.numbers);
        shape_page_first = numbers.Take(trailer.shape_page_count, memory);
        row_symbols = numbers.Take(trailer.row_code.rank_count(), memory);
        words = numbers.Take(trailer.word_code.rank_count(), memory);
        CheckDirectory(shape_page_first, trailer.shape_count);
    }

    ForwardTrailer trailer;
    std::pmr::vector<std::uint32_t> shape_page_first;
    std::pmr::vector<std::uint32_t> row_symbols;
    std::pmr::vector<std::uint32_t> words;
};

ForwardReader::ForwardReader(SectionReader pages, SectionReader directory, SectionReader dictionary,
                             std::uint32_t row_count, std::uint32_t word_count,
                             std::pmr::memory_resource* memory)
    : ForwardReader(pages, directory, dictionary, row_count, Opened(dictionary, word_count, memory),
                    memory) {}

ForwardReader::ForwardReader(SectionReader pages, SectionReader directory, SectionReader dictionary,
                             std::uint32_t row_count, Opened&& opened,
                             std::pmr::memory_resource* memory)
    : pages_(pages),
      dictionary_(dictionary),
      row_count_(row_count),
      opaque_count_(opened.trailer.opaque_count),
      shape_count_(opened.trailer.shape_count),
      opaque_bits_(BitsFor(opened.trailer.opaque_count)),
      rows_(opened.trailer.row_code, std::move(opened.row_symbols),
            kFirstShapeSymbol + opened.trailer.shape_count),
      words_(opened.trailer.word_code, std::move(opened.words), opened.trailer.word_count),
      page_first_(memory),
      shape_page_first_(std::move(opened.shape_page_first)),
      shape_owner_(std::min<std::size_t>(shape_count_, kShapeSlots), kNoShape, memory),
      shape_words_(shape_owner_.size(), 0, memory),
      shape_text_(shape_owner_.size(), memory) {
    LoadDirectory(directory);
}

void ForwardReader::LoadDirectory(const SectionReader& directory) {
    page_first_ = NumberReader(directory, {0, 0})
                      .Take(pages_.page_count(), page_first_.get_allocator().resource());
    CheckDirectory(page_first_, row_count_);
}

void ForwardReader::Release() noexcept {
    page_begin_ = page_end_ = group_end_ = 0;
    page_.Reset();
    shape_page_.Reset();
}

template <typename AnyRow, typename TakeWord>
void ForwardReader::ReadAs(RowOrdinal ordinal, AnyRow& __restrict row, TakeWord take_word) {
    if (ordinal != next_ || ordinal >= group_end_) {
        Seek(ordinal);
    }
    BitWindow window(page_.bytes(), bit_);
    const std::uint32_t symbol = rows_.Decode(window);
    row.words = 0;
    if (symbol >= kFirstShapeSymbol) {
        row.kind = kRegular;
        row.shape = symbol - kFirstShapeSymbol;
        const std::uint32_t words = WordsOf(row.shape);
        for (std::uint32_t i = 0; i < words; ++i) {
            row.word[i] = take_word(window);
        }
        row.words = static_cast<std::uint16_t>(words);
    } else if (symbol == kNullSymbol) {
        row.kind = kNull;
    } else {
        row.kind = kOpaque;
        row.opaque_id = static_cast<std::uint32_t>(window.Take(opaque_bits_));
        if (row.opaque_id >= opaque_count_) {
            ThrowCorrupt("a row refers to an opaque value that does not exist");
        }
    }
    bit_ = window.bit();
    next_ = ordinal + 1;
}

void ForwardReader::Read(RowOrdinal ordinal, Row& row) {
    ReadAs(ordinal, row, [this](BitWindow& window) { return WordId{words_.Decode(window)}; });
}

void ForwardReader::Read(RowOrdinal ordinal, CodedRow& row) {
    ReadAs(ordinal, row, [this](BitWindow& window) { return words_.DecodeNumber(window); });
}

// Moves to before row `ordinal`.
void ForwardReader::Seek(RowOrdinal ordinal) {
    if (ordinal < page_begin_ || ordinal >= page_end_) {
        OpenPage(ordinal);
    }
    if (ordinal < next_ || ordinal >= group_end_) {
        StartGroup((ordinal - page_begin_) / kRowsPerGroup);
    }
    if (next_ < ordinal) {
        SkipTo(ordinal);
    }
}

void ForwardReader::OpenPage(RowOrdinal ordinal) {
    if (ordinal >= row_count_) {
        ThrowCorrupt("a row ordinal is past the end of the forward store");
    }
    const std::uint32_t page = FindPage(page_first_, ordinal);
    page_begin_ = page_end_ = group_end_ = 0;
    page_ = pages_.Page(page);

    ByteReader header(page_.bytes());
    const std::uint32_t first = header.U32();
    const std::uint32_t rows = header.U16();
    const std::uint32_t groups = header.U16();
    header.Take(2 * std::size_t{groups});
    if (first != page_first_[page] || rows != page_first_[page + 1] - first ||
        groups != (rows + kRowsPerGroup - 1) / kRowsPerGroup) {
        ThrowCorrupt("a page of the forward store does not hold the rows of its directory entry");
    }
    page_begin_ = first;
    page_end_ = first + rows;
}

// `group` is one of the open page, whose header has been checked.
void ForwardReader::StartGroup(std::uint32_t group) {
    group_end_ = 0;
    const std::size_t offset =
        LoadLe<std::uint16_t>(page_.payload() + kForwardPageHeader + 2 * group);
    if (offset > page_.used()) {
        ThrowCorrupt("a group of the forward store begins past its page");
    }
    bit_ = 8 * offset;
    next_ = page_begin_ + group * kRowsPerGroup;
    group_end_ = std::min(next_ + kRowsPerGroup, page_end_);
}

// Passes over the rows before `ordinal`, a later one of the group.
void ForwardReader::SkipTo(RowOrdinal ordinal) {
    BitWindow window(page_.bytes(), bit_);
    for (RowOrdinal row = next_; row < ordinal; ++row) {
        const std::uint32_t symbol = rows_.Decode(window);
        if (symbol >= kFirstShapeSymbol) {
            for (std::uint32_t left = WordsOf(symbol - kFirstShapeSymbol); left > 0; --left) {
                words_.Skip(window);
            }
        } else if (symbol == kOpaqueSymbol) {
            window.Take(opaque_bits_);
        }
    }
    bit_ = window.bit();
    next_ = ordinal;
}

std::string_view ForwardReader::ShapeText(std::uint32_t shape) const {
    if (shape >= shape_count_) {
        ThrowInternal("a shape number is out of range");
    }
    return shape_text_[Slot(shape)];
}

void ForwardReader::LoadShape(std::uint32_t shape, std::size_t slot) const {
    const std::uint32_t page = FindPage(shape_page_first_, shape);
    const Span bytes = dictionary_.At({page, 0}, shape_page_);
    ByteReader header(bytes);
    const std::uint32_t first = header.U32();
    const std::uint32_t shapes = header.U16();
    header.U16();
    const std::uint8_t* ends = header.Take(2 * std::size_t{shapes});
    if (first != shape_page_first_[page] || shapes != shape_page_first_[page + 1] - first) {
        ThrowCorrupt("a page of shapes does not hold the shapes of its directory entry");
    }
    const std::uint32_t index = shape - first;
    const std::size_t begin = index == 0 ? kShapePageHeader + 2 * std::size_t{shapes}
                                         : LoadLe<std::uint16_t>(ends + 2 * (index - 1));
    const std::size_t end = LoadLe<std::uint16_t>(ends + 2 * index);
    if (begin > end || end > bytes.size || end - begin > kMaxShapeBytes) {
        ThrowCorrupt("a shape runs past its page");
    }
    const std::string_view text = bytes.text().substr(begin, end - begin);
    const auto words = std::count(text.begin(), text.end(), kWordMarker);
    if (words > static_cast<std::ptrdiff_t>(kMaxWordsPerValue)) {
        ThrowCorrupt("a shape has too many words");
    }
    if (std::any_of(text.begin(), text.end(),
                    [](char c) { return static_cast<unsigned char>(c) > 0x80; })) {
        ThrowCorrupt("a shape holds something other than delimiters and words");
    }
    shape_owner_[slot] = kNoShape;
    shape_text_[slot].assign(text);
    shape_words_[slot] = static_cast<std::uint8_t>(words);
    shape_owner_[slot] = shape;
}

}  // namespace namedex::core
