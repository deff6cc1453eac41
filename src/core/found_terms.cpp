#include "core/found_terms.hpp"

#include <utility>

namespace namedex::core {

std::shared_ptr<const TermRows> FoundTerms::Find(const Folder& folder, Operator op,
                                                 const LikePattern::Term& term) {
    std::string key(1, static_cast<char>(op));
    term.AppendKey(key);
    for (const Found& found : kept_) {
        if (std::string_view(found.key) == key) {
            blocks_spared_ += found.blocks_read;
            words_spared_ += found.words_read;
            return found.rows;
        }
    }
    const std::uint64_t blocks_before = lexicon_->blocks_read();
    const std::uint64_t words_before = lexicon_->words_read();
    const auto rows = std::allocate_shared<TermRows>(
        std::pmr::polymorphic_allocator<TermRows>(memory_), row_count_, memory_);
    rows->Find(*lexicon_, folder, op, term);
    const std::size_t bytes = sizeof(Found) + key.size() + rows->memory_bytes();
    if (bytes <= max_bytes_) {
        Keep({std::pmr::string(key, memory_), rows, bytes, lexicon_->blocks_read() - blocks_before,
              lexicon_->words_read() - words_before});
    }
    return rows;
}

void FoundTerms::Keep(Found&& found) {
    kept_.push_back(std::move(found));
    kept_bytes_ += kept_.back().bytes;
    while (kept_.size() > kMaxKept || kept_bytes_ > max_bytes_) {
        kept_bytes_ -= kept_.front().bytes;
        kept_.pop_front();
    }
}

}  // namespace namedex::core
