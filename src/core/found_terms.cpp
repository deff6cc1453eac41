#include "core/found_terms.hpp"

#include <utility>

namespace namedex::core {

std::shared_ptr<const TermRows> FoundTerms::Find(const Folder& folder, Operator op,
                                                 const LikePattern::Term& term) {
    for (const Found& found : kept_) {
        if (found.op == op && found.term == term) {
            blocks_spared_ += found.blocks_read;
            words_spared_ += found.words_read;
            return found.rows;
        }
    }
    const std::uint64_t blocks_before = lexicon_->blocks_read();
    const std::uint64_t words_before = lexicon_->words_read();
    auto rows = std::make_shared<TermRows>(row_count_, memory_);
    rows->Find(*lexicon_, folder, op, term);
    const std::size_t bytes = rows->memory_bytes() + term.memory_bytes() + sizeof(Found);
    if (bytes <= max_bytes_) {
        Keep({op, term, rows, bytes, lexicon_->blocks_read() - blocks_before,
              lexicon_->words_read() - words_before});
    }
    return rows;
}

void FoundTerms::Keep(Found&& found) {
    kept_bytes_ += found.bytes;
    kept_.push_back(std::move(found));
    while (kept_.size() > kMaxKept || kept_bytes_ > max_bytes_) {
        kept_bytes_ -= kept_.front().bytes;
        kept_.pop_front();
    }
}

}  // namespace namedex::core
