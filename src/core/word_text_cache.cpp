#include "core/word_text_cache.hpp"

#include <cstring>

#include "core/error.hpp"

namespace namedex::core {

namespace {

constexpr unsigned kFirstSlotBits = 10;

}  // namespace

WordTextCache::WordTextCache(LexiconReader& lexicon, std::size_t byte_limit,
                             std::pmr::memory_resource* memory)
    : lexicon_(&lexicon), byte_limit_(byte_limit), text_(memory), slots_(memory) {
    Clear();
}

void WordTextCache::Clear() {
    slots_.clear();
    slots_.shrink_to_fit();
    slots_.resize(std::size_t{1} << kFirstSlotBits);
    shift_ = 32 - kFirstSlotBits;
    text_.release();
    used_ = 0;
    bytes_used_ = slots_.size() * sizeof(Slot);
}

const WordTextCache::Slot& WordTextCache::Load(WordId id) {
    if (Raw(id) >= lexicon_->word_count()) {
        ThrowCorrupt("a stored row names a word that does not exist");
    }
    folded_.clear();
    lexicon_->Word(id, folded_, original_);
    if (folded_.empty() || original_.size() > kMaxWordBytes) {
        ThrowCorrupt("a word of a lexicon has the wrong length");
    }
    if (original_ == folded_) {
        original_.clear();
    }
    if ((used_ + 1) * 4 > slots_.size() * 3) {
        Grow();
    }
    const std::size_t size = folded_.size() + original_.size();
    char* text = static_cast<char*>(text_.allocate(size, 1));
    std::memcpy(text, folded_.data(), folded_.size());
    std::memcpy(text + folded_.size(), original_.data(), original_.size());
    Slot& slot = FreeSlot(Raw(id));
    slot = {text, Raw(id), static_cast<std::uint16_t>(folded_.size()),
            static_cast<std::uint16_t>(original_.size())};
    ++used_;
    bytes_used_ += size;
    return slot;
}

WordTextCache::Slot& WordTextCache::FreeSlot(std::uint32_t id) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = Home(id);
    while (slots_[at].text != nullptr) {
        at = (at + 1) & mask;
    }
    return slots_[at];
}

void WordTextCache::Grow() {
    std::pmr::vector<Slot> old(slots_.size() * 2, slots_.get_allocator());
    old.swap(slots_);
    --shift_;
    for (const Slot& slot : old) {
        if (slot.text != nullptr) {
            FreeSlot(slot.id) = slot;
        }
    }
    bytes_used_ += old.size() * sizeof(Slot);
}

}  // namespace namedex::core
