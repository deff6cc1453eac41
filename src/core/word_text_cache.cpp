#include "core/word_text_cache.hpp"

#include <algorithm>
#include <cstring>

#include "core/error.hpp"

namespace namedex::core {

namespace {

constexpr unsigned kFirstSlotBits = 10;
// In a block, before it is loaded as a whole: about what that takes.
constexpr std::uint8_t kSingleLoads = 8;
// So many words that pass have to be of one block, one after the other, before it is decoded apart.
constexpr unsigned kPassesInBlock = 16;
// Texts are kept in pieces of memory, each as large as all before it, within these bounds.
constexpr std::size_t kLeastChunk = 1024;
constexpr std::size_t kMostChunk = std::size_t{64} << 10;

}  // namespace

WordTextCache::WordTextCache(LexiconReader& lexicon, std::size_t byte_limit,
                             std::pmr::memory_resource* memory)
    : lexicon_(&lexicon),
      byte_limit_(byte_limit),
      text_(memory),
      slots_(memory),
      missed_(memory),
      passing_(memory),
      nearby_slots_(memory),
      nearby_text_(memory) {
    Clear();
}

void WordTextCache::Clear() {
    slots_.clear();
    slots_.shrink_to_fit();
    slots_.resize(std::size_t{1} << kFirstSlotBits);
    shift_ = 32 - kFirstSlotBits;
    text_.clear();
    text_left_ = 0;
    used_ = 0;
    full_ = false;
    passed_ = 0;
    passing_used_ = 0;
    passed_in_block_ = 0;
    missed_.assign(lexicon_->block_count(), 0);
    bytes_used_ = slots_.size() * sizeof(Slot) + missed_.size();
}

const WordTextCache::Slot& WordTextCache::Load(WordId id) {
    if (Raw(id) >= lexicon_->word_count()) {
        ThrowCorrupt("a stored row names a word that does not exist");
    }
    if (full_) {
        return Pass(id);
    }
    const LexiconReader::BlockWords place = lexicon_->BlockOf(id);
    std::uint8_t& missed = missed_.at(place.block);
    if (missed < kSingleLoads) {
        ++missed;
        lexicon_->FindRangeFrom(place.block, {Raw(id), Raw(id) + 1},
                                [this](const WordHit& hit) { Add(hit); });
    } else {
        lexicon_->FindRangeFrom(place.block, place.words, [this](const WordHit& hit) { Add(hit); });
    }
    const Slot& slot = SlotFor(Raw(id));
    if (slot.text != nullptr) {
        return slot;
    }
    if (!full_) {
        ThrowInternal("a lexicon does not report a word of its own");
    }
    return Pass(id);
}

const WordTextCache::Slot& WordTextCache::Pass(WordId id) {
    for (std::size_t i = 0; i < passing_used_; ++i) {
        if (passing_[i].slot.id == Raw(id)) {
            return passing_[i].slot;
        }
    }
    if (Raw(id) >= nearby_.begin && Raw(id) < nearby_.end) {
        nearby_in_use_ = true;
        return nearby_slots_[Raw(id) - nearby_.begin];
    }
    const LexiconReader::BlockWords place = lexicon_->BlockOf(id);
    passed_in_block_ = place.block == passed_block_ ? passed_in_block_ + 1 : 1;
    passed_block_ = place.block;
    if (passed_in_block_ >= kPassesInBlock && !nearby_in_use_) {
        LoadNearby(place);
        nearby_in_use_ = true;
        return nearby_slots_[Raw(id) - nearby_.begin];
    }
    if (passing_used_ == passing_.size()) {
        passing_.push_back({std::pmr::string(passing_.get_allocator()), {}});
    }
    Passing& word = passing_[passing_used_];
    word.slot.text = nullptr;
    lexicon_->FindRangeFrom(
        place.block, {Raw(id), Raw(id) + 1}, [&](const WordHit& hit) {
            Decode(hit);
            word.text.assign(hit.folded).append(original_);
            word.slot = {word.text.data(), Raw(hit.id),
                         static_cast<std::uint16_t>(hit.folded.size()),
                         static_cast<std::uint16_t>(original_.size())};
        });
    if (word.slot.text == nullptr || word.slot.id != Raw(id)) {
        ThrowInternal("a lexicon does not report a word of its own");
    }
    ++passing_used_;
    ++passed_;
    return word.slot;
}

void WordTextCache::LoadNearby(const LexiconReader::BlockWords& place) {
    nearby_ = {};
    nearby_slots_.clear();
    nearby_text_.clear();
    lexicon_->FindRangeFrom(place.block, place.words, [this](const WordHit& hit) {
        Decode(hit);
        nearby_slots_.push_back({nullptr, Raw(hit.id),
                                 static_cast<std::uint16_t>(hit.folded.size()),
                                 static_cast<std::uint16_t>(original_.size())});
        nearby_text_.insert(nearby_text_.end(), hit.folded.begin(), hit.folded.end());
        nearby_text_.insert(nearby_text_.end(), original_.begin(), original_.end());
    });
    if (nearby_slots_.size() != place.words.end - place.words.begin) {
        ThrowInternal("a lexicon does not report all words of a block");
    }
    const char* text = nearby_text_.data();
    for (Slot& slot : nearby_slots_) {
        slot.text = text;
        text += slot.folded_bytes + slot.original_bytes;
    }
    nearby_ = place.words;
    passed_ += nearby_slots_.size();
}

void WordTextCache::Decode(const WordHit& hit) {
    original_.clear();
    AppendOriginal(hit.folded, hit.entry, original_);
    if (hit.folded.empty() || original_.size() > kMaxWordBytes) {
        ThrowCorrupt("a word of a lexicon has the wrong length");
    }
    if (original_ == hit.folded) {
        original_.clear();
    }
}

void WordTextCache::Add(const WordHit& hit) {
    if (full_ || SlotFor(Raw(hit.id)).text != nullptr) {
        return;
    }
    Decode(hit);
    const std::size_t size = hit.folded.size() + original_.size();
    const std::size_t chunk = size > text_left_ ? std::max(size, NextChunk()) : 0;
    const bool crowded = (used_ + 1) * 4 > slots_.size() * 3;
    const bool grows =
        crowded && bytes_used_ + chunk + slots_.size() * sizeof(Slot) <= byte_limit_;
    if (bytes_used_ + chunk > byte_limit_ ||
        (crowded && !grows && (used_ + 1) * 8 > slots_.size() * 7)) {
        full_ = true;
        return;
    }
    if (grows) {
        Grow();
    }
    if (chunk > 0) {
        text_.emplace_back(chunk);
        text_left_ = chunk;
        bytes_used_ += chunk;
    }
    Slot& slot = SlotFor(Raw(hit.id));
    char* text = text_.back().data() + text_.back().size() - text_left_;
    text_left_ -= size;
    std::memcpy(text, hit.folded.data(), hit.folded.size());
    std::memcpy(text + hit.folded.size(), original_.data(), original_.size());
    slot = {text, Raw(hit.id), static_cast<std::uint16_t>(hit.folded.size()),
            static_cast<std::uint16_t>(original_.size())};
    ++used_;
}

std::size_t WordTextCache::NextChunk() const {
    const std::size_t texts = bytes_used_ - slots_.size() * sizeof(Slot) - missed_.size();
    return std::clamp(texts, kLeastChunk, kMostChunk);
}

WordTextCache::Slot& WordTextCache::SlotFor(std::uint32_t id) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = Home(id);
    while (slots_[at].text != nullptr && slots_[at].id != id) {
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
            SlotFor(slot.id) = slot;
        }
    }
    bytes_used_ += old.size() * sizeof(Slot);
}

}  // namespace namedex::core
