// Answers many exact and prefix queries in one walk through a lexicon.
//
//     LexiconWalk walk(lexicon);
//     walk.Find({WordQueryKind::kPrefix, "sm"}, sink);
//     walk.Find({WordQueryKind::kExact, "smith"}, sink);    // a needle that is not less
//
// A query goes on from the word where the one before it began, in steps that double, so many
// needles cost little more than reading the blocks they are in, and few of them no more than
// searches.
//
// While it lives a walk keeps a page pinned, and nothing else may call the reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/lexicon_reader.hpp"

namespace namedex::core {

class LexiconWalk {
  public:
    // `reader` outlives the walk.
    explicit LexiconWalk(LexiconReader& reader) : reader_(&reader) {}
    LexiconWalk(const LexiconWalk&) = delete;
    LexiconWalk& operator=(const LexiconWalk&) = delete;

    // As LexiconReader::Find, for kExact and kPrefix; needles must ascend.
    void Find(const WordQuery& query, WordSink sink);

  private:
    using Block = LexiconReader::Block;

    void Seek(std::string_view needle);
    void Open(std::uint32_t block);
    void SkipInBlock(std::string_view needle);
    void Report(const WordQuery& query, WordSink sink);
    bool ReportFrom(const Block& block, std::uint32_t index, std::size_t at,
                    const WordQuery& query, WordSink sink);

    LexiconReader* reader_;
    PinnedPage pin_;
    bool open_ = false;
    std::uint32_t block_ = 0;
    Block opened_;
    bool last_ = false;      // no block comes behind
    std::string following_;  // the first word of the block behind
    // The first word of the block that does not come before the needle.
    std::uint32_t index_ = 0;
    std::size_t at_ = 0;  // where it begins in the block's text; the text's end if there is none
};

}  // namespace namedex::core
