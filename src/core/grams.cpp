#include "core/grams.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/bit_count.hpp"

namespace namedex::core {

namespace {

constexpr std::uint32_t kBitmapFlag = 0x80000000u;
constexpr std::size_t kPageHeaderBytes = 2;
constexpr std::size_t kFirstTable = 1024;
// Groups wider than 32 blocks (4,096 words) hold most three-byte grams: rather than widen them
// further, those grams are given up.
constexpr unsigned kWidestLongShift = 5;
constexpr unsigned kWidestShift = 16;
// So few groups are searched faster than another gram is looked up.
constexpr std::uint32_t kFewBlocks = 4;

std::uint64_t ListKey(Gram gram, std::uint32_t chunk) {
    return std::uint64_t{gram} << 16 | chunk;
}

bool IsShort(Gram gram) {
    return (gram & 0xFF) == 0;
}

std::uint32_t GroupCount(std::uint32_t blocks, unsigned shift) {
    return static_cast<std::uint32_t>((std::uint64_t{blocks} + (std::uint64_t{1} << shift) - 1) >>
                                      shift);
}

std::uint32_t GroupsOfChunk(std::uint32_t groups, std::uint32_t chunk) {
    return std::min(kGramChunkGroups, groups - chunk * kGramChunkGroups);
}

}  // namespace

// ---- writing ----------------------------------------------------------------------------------

// Reads back the groups of a list.
class GramWriter::ListDecoder {
  public:
    ListDecoder(const std::pmr::deque<Node>& nodes, const List& list)
        : nodes_(nodes), list_(list), node_(list.head) {}

    bool Next(std::uint32_t& group) {
        if (node_ == list_.tail && at_ == list_.tail_bytes) {
            return false;
        }
        std::uint32_t gap = 0;
        std::uint8_t byte;
        unsigned bits = 0;
        do {
            if (at_ == sizeof nodes_[node_].bytes) {
                node_ = nodes_[node_].next;
                at_ = 0;
            }
            byte = nodes_[node_].bytes[at_++];
            gap |= std::uint32_t{byte & 0x7Fu} << bits;
            bits += 7;
        } while (byte >= 0x80);
        next_ += gap;
        group = next_++;
        return true;
    }

  private:
    const std::pmr::deque<Node>& nodes_;
    const List& list_;
    std::uint32_t node_;
    std::uint32_t at_ = 0;
    std::uint32_t next_ = 0;
};

// Lays out the pages of the grams section.
class GramWriter::PageBuilder {
  public:
    PageBuilder(SectionWriter& out, std::pmr::memory_resource* memory)
        : slots(memory), lists(memory), page(memory), first_keys(memory), out_(&out) {}

    void Add(Gram gram, std::uint32_t chunk, bool bitmap,
             const std::pmr::vector<std::uint8_t>& list) {
        if (kPageHeaderBytes + (slots.size() + 1) * kGramSlotBytes + lists.size() + list.size() >
            kPagePayload) {
            WritePage();
        }
        if (slots.empty()) {
            first_keys.push_back(ListKey(gram, chunk));
        }
        slots.push_back({bitmap ? gram | kBitmapFlag : gram, static_cast<std::uint16_t>(chunk),
                         static_cast<std::uint16_t>(lists.size())});
        lists.insert(lists.end(), list.begin(), list.end());
    }

    void WritePage() {
        if (slots.empty()) {
            return;
        }
        const std::size_t begin = kPageHeaderBytes + slots.size() * kGramSlotBytes;
        page.clear();
        PutLe(page, static_cast<std::uint16_t>(slots.size()));
        for (const Slot& slot : slots) {
            PutLe(page, slot.gram);
            PutLe(page, slot.chunk);
            PutLe(page, static_cast<std::uint16_t>(begin + slot.offset));
        }
        page.insert(page.end(), lists.begin(), lists.end());
        out_->Append(page.data(), page.size());
        out_->NextPage();
        slots.clear();
        lists.clear();
    }

    void WriteDirectory(SectionWriter& directory, unsigned shift, std::uint8_t kept) const {
        std::uint8_t element[kGramSlotBytes] = {};
        StoreLe<std::uint32_t>(element, static_cast<std::uint32_t>(first_keys.size()));
        element[4] = static_cast<std::uint8_t>(shift);
        element[5] = kept;
        directory.Append(element, sizeof element);
        for (const std::uint64_t key : first_keys) {
            StoreLe<std::uint32_t>(element, static_cast<std::uint32_t>(key >> 16));
            StoreLe<std::uint16_t>(element + 4, static_cast<std::uint16_t>(key));
            StoreLe<std::uint16_t>(element + 6, 0);
            directory.Append(element, sizeof element);
        }
    }

  private:
    struct Slot {
        std::uint32_t gram;
        std::uint16_t chunk;
        std::uint16_t offset;
    };
    std::pmr::vector<Slot> slots;
    std::pmr::vector<std::uint8_t> lists;
    std::pmr::vector<std::uint8_t> page;
    std::pmr::vector<std::uint64_t> first_keys;
    SectionWriter* out_;
};

GramWriter::GramWriter(std::pmr::memory_resource* memory, std::size_t memory_limit,
                       void (*poll)())
    : memory_(memory),
      memory_limit_(memory_limit),
      poller_(poll),
      table_(memory),
      nodes_(memory) {}

std::size_t GramWriter::memory_used() const {
    return table_.capacity() * sizeof(List) + nodes_.size() * sizeof(Node);
}

void GramWriter::Add(std::string_view folded, std::size_t shared) {
    for (const std::size_t length : {kShortGram, kLongGram}) {
        // A gram within the shared bytes came with the word before.
        for (std::size_t at = shared >= length ? shared - length + 1 : 0;
             at + length <= folded.size(); ++at) {
            if ((kept_ & (length == kLongGram ? kKeepsLong : kKeepsShort)) != 0) {
                AddGram(GramAt(folded.data() + at, length));
            }
        }
    }
}

void GramWriter::AddGram(Gram gram) {
    if (TableIsFull()) {
        GrowTable();
    }
    if ((kept_ & (IsShort(gram) ? kKeepsShort : kKeepsLong)) == 0) {
        return;
    }
    const std::uint32_t group = block_ >> shift_;
    List& list = Probe(gram);
    if (list.gram == 0) {
        list.gram = gram;
        ++lists_;
    } else if (list.last_group == group) {
        return;
    }
    Append(list, group);
    while (kept_ != 0 && memory_used() > memory_limit_ / 2) {  // the other half is for Rebuild
        ReduceMemory();
    }
}

// The list of `gram`, or the free slot where it belongs.
GramWriter::List& GramWriter::Probe(Gram gram) {
    const std::size_t mask = table_.size() - 1;
    std::size_t at = (gram * std::uint64_t{0x9E3779B97F4A7C15u} >> 32) & mask;
    while (table_[at].gram != 0 && table_[at].gram != gram) {
        at = (at + 1) & mask;
    }
    return table_[at];
}

void GramWriter::Append(List& list, std::uint32_t group) {
    std::uint32_t gap = group;
    if (list.head == kNoNode) {
        list.head = list.tail = AddNode();
    } else {
        gap -= list.last_group + 1;
    }
    list.last_group = group;
    for (; gap >= 0x80; gap >>= 7) {
        AppendByte(list, static_cast<std::uint8_t>(gap | 0x80));
    }
    AppendByte(list, static_cast<std::uint8_t>(gap));
}

void GramWriter::AppendByte(List& list, std::uint8_t byte) {
    if (list.tail_bytes == sizeof(Node::bytes)) {
        const std::uint32_t added = AddNode();
        nodes_[list.tail].next = added;
        list.tail = added;
        list.tail_bytes = 0;
    }
    nodes_[list.tail].bytes[list.tail_bytes++] = byte;
}

std::uint32_t GramWriter::AddNode() {
    nodes_.emplace_back();
    return static_cast<std::uint32_t>(nodes_.size() - 1);
}

bool GramWriter::TableIsFull() const {
    return (lists_ + 1) * 4 > table_.size() * 3;
}

void GramWriter::GrowTable() {
    while (kept_ != 0 && TableIsFull()) {
        const std::size_t grown = std::max(kFirstTable, table_.size() * 2);
        if (grown * sizeof(List) + nodes_.size() * sizeof(Node) > memory_limit_ / 2) {
            ReduceMemory();
            continue;
        }
        std::pmr::vector<List> old(memory_);
        poller_.Fill(old, grown, List{});
        old.swap(table_);
        for (const List& list : old) {
            poller_.Step();
            if (list.gram != 0) {
                Probe(list.gram) = list;
            }
        }
    }
}

// One step towards a smaller table.
void GramWriter::ReduceMemory() {
    if (shift_ < (keeps_long_grams() ? kWidestLongShift : kWidestShift)) {
        ++shift_;
        Rebuild(1);
    } else if (keeps_long_grams()) {
        kept_ = kKeepsShort;
        Rebuild(0);
    } else {
        kept_ = 0;
        Rebuild(0);
    }
}

// Copies the lists that are kept, with their groups shifted right by `by`.
void GramWriter::Rebuild(unsigned by) {
    const auto keeps = [this](const List& list) {
        return list.gram != 0 && (kept_ & (IsShort(list.gram) ? kKeepsShort : kKeepsLong)) != 0;
    };
    lists_ = static_cast<std::size_t>(std::count_if(table_.begin(), table_.end(), keeps));
    std::size_t size = lists_ == 0 ? 0 : kFirstTable;
    while (lists_ * 4 > size * 3) {
        size *= 2;
    }
    std::pmr::vector<List> old_table(memory_);
    poller_.Fill(old_table, size, List{});
    std::pmr::deque<Node> old_nodes(memory_);
    old_table.swap(table_);
    old_nodes.swap(nodes_);
    for (const List& old : old_table) {
        poller_.Step();
        if (!keeps(old)) {
            continue;
        }
        List& list = Probe(old.gram);
        list.gram = old.gram;
        ListDecoder groups(old_nodes, old);
        for (std::uint32_t group; groups.Next(group);) {
            poller_.Step();
            group >>= by;
            if (list.head == kNoNode || list.last_group != group) {
                Append(list, group);
            }
        }
    }
}

void GramWriter::Finish(SectionWriter& grams, SectionWriter& directory) {
    if (lists_ == 0) {
        return;
    }
    std::pmr::vector<const List*> lists(memory_);
    lists.reserve(lists_);
    for (const List& list : table_) {
        poller_.Step();
        if (list.gram != 0) {
            lists.push_back(&list);
        }
    }
    std::sort(lists.begin(), lists.end(), [this](const List* a, const List* b) {
        poller_.Step();
        return a->gram < b->gram;
    });
    PageBuilder pages(grams, memory_);
    for (const List* list : lists) {
        poller_.Step();
        WriteList(*list, pages);
    }
    pages.WritePage();
    pages.WriteDirectory(directory, shift_, kept_);
}

void GramWriter::WriteList(const List& list, PageBuilder& pages) const {
    const std::uint32_t groups = GroupCount(block_, shift_);
    std::pmr::vector<std::uint8_t> bitmap(memory_);
    std::pmr::vector<std::uint8_t> varints(memory_);
    ListDecoder decoder(nodes_, list);
    std::uint32_t group = 0;
    bool more = decoder.Next(group);
    while (more) {
        const std::uint32_t chunk = group / kGramChunkGroups;
        const std::size_t bitmap_bytes = (GroupsOfChunk(groups, chunk) + 7) / 8;
        std::uint32_t next = 0;  // the first group, within the chunk, that may come next
        bitmap.assign(bitmap_bytes, 0);
        varints.clear();
        for (; more && group / kGramChunkGroups == chunk; more = decoder.Next(group)) {
            const std::uint32_t at = group % kGramChunkGroups;
            bitmap[at / 8] |= static_cast<std::uint8_t>(1u << (at % 8));
            if (varints.size() < bitmap_bytes) {
                PutVarint(varints, at - next);
            }
            next = at + 1;
        }
        const bool dense = varints.size() >= bitmap_bytes;
        pages.Add(list.gram, chunk, dense, dense ? bitmap : varints);
    }
}

// ---- reading ----------------------------------------------------------------------------------

GramReader::GramReader(const SectionReader& grams, const SectionReader& directory,
                       std::uint32_t block_count, std::pmr::memory_resource* memory)
    : grams_section_(grams),
      directory_section_(directory),
      block_count_(block_count),
      candidates_(memory),
      list_(memory) {}

void GramReader::Load() {
    loaded_ = true;
    if (directory_section_.page_count() == 0) {
        return;
    }
    PinnedPage pin;
    ByteReader header(directory_section_.At({0, 0}, pin));
    pages_ = header.U32();
    shift_ = header.U8();
    const std::uint8_t kept = header.U8();
    if (pages_ > grams_section_.page_count() || shift_ > kWidestShift ||
        kept > (GramWriter::kKeepsShort | GramWriter::kKeepsLong)) {
        ThrowCorrupt("the gram directory of a lexicon is damaged");
    }
    groups_ = GroupCount(block_count_, shift_);
    kept_ = kept;
}

bool GramReader::Helps(std::string_view needle) {
    if (!loaded_) {
        Load();
    }
    return GramLength(needle) != 0;
}

// Bytes of the grams to look the needle up by; 0 when there are none.
std::size_t GramReader::GramLength(std::string_view needle) const {
    if (needle.size() >= kLongGram && (kept_ & GramWriter::kKeepsLong) != 0) {
        return kLongGram;
    }
    return needle.size() >= kShortGram && (kept_ & GramWriter::kKeepsShort) != 0 ? kShortGram : 0;
}

std::uint32_t GramReader::GroupsOf(std::uint32_t chunk) const {
    return GroupsOfChunk(groups_, chunk);
}

// Sets candidates_ to the chunk's groups that can contain the needle; false when there are none.
bool GramReader::Intersect(std::string_view needle, std::uint32_t chunk) {
    const std::size_t length = GramLength(needle);
    for (std::size_t at = 0; at + length <= needle.size(); ++at) {
        if (!IntersectGram(GramAt(needle.data() + at, length), chunk, at == 0)) {
            return false;
        }
        const std::uint64_t groups = CountCandidates();
        if (groups << shift_ <= kFewBlocks) {
            return groups > 0;
        }
    }
    return true;
}

bool GramReader::IntersectGram(Gram gram, std::uint32_t chunk, bool first) {
    const std::uint64_t key = ListKey(gram, chunk);
    const std::uint32_t after = PagesUpTo(key);
    if (after == 0) {
        return false;
    }
    PinnedPage pin;
    const Span page = grams_section_.At({after - 1, 0}, pin);
    ByteReader header(page);
    const std::uint32_t lists = header.U16();
    const std::uint8_t* slots = header.Take(lists * kGramSlotBytes);
    const auto key_of = [slots](std::uint32_t i) {
        const std::uint8_t* slot = slots + i * kGramSlotBytes;
        return ListKey(LoadLe<std::uint32_t>(slot) & ~kBitmapFlag, LoadLe<std::uint16_t>(slot + 4));
    };
    std::uint32_t begin = 0;
    for (std::uint32_t end = lists; begin < end;) {
        const std::uint32_t middle = begin + (end - begin) / 2;
        if (key_of(middle) < key) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    if (begin == lists || key_of(begin) != key) {
        return false;
    }
    const std::uint8_t* slot = slots + begin * kGramSlotBytes;
    const std::size_t list_begin = LoadLe<std::uint16_t>(slot + 6);
    const std::size_t list_end =
        begin + 1 < lists ? LoadLe<std::uint16_t>(slot + kGramSlotBytes + 6) : page.size;
    if (list_begin > list_end || list_end > page.size) {
        ThrowCorrupt("a gram list of a lexicon lies outside its page");
    }
    const Span list{page.data + list_begin, list_end - list_begin};
    const bool bitmap = (LoadLe<std::uint32_t>(slot) & kBitmapFlag) != 0;
    if (first) {
        Decode(list, bitmap, GroupsOf(chunk), candidates_);
        return true;
    }
    Decode(list, bitmap, GroupsOf(chunk), list_);
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        candidates_[i] &= list_[i];
    }
    return true;
}

// How many pages of the grams section begin with `key` or less.
std::uint32_t GramReader::PagesUpTo(std::uint64_t key) const {
    PinnedPage pin;
    std::uint32_t begin = 0;
    for (std::uint32_t end = pages_; begin < end;) {
        const std::uint32_t middle = begin + (end - begin) / 2;
        const std::uint32_t element = middle + 1;
        ByteReader reader(directory_section_.At(
            {element / kGramDirectoryPerPage,
             element % kGramDirectoryPerPage * static_cast<std::uint32_t>(kGramSlotBytes)},
            pin));
        const Gram gram = reader.U32();
        if (ListKey(gram, reader.U16()) <= key) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    return begin;
}

// Sets `groups` to the bitmap, `count` bits long, of a stored list.
void GramReader::Decode(Span list, bool bitmap, std::uint32_t count,
                        std::pmr::vector<std::uint64_t>& groups) {
    groups.assign((count + 63) / 64, 0);
    if (bitmap) {
        if (list.size != (count + 7) / 8) {
            ThrowCorrupt("a gram list of a lexicon has the wrong length");
        }
        for (std::size_t i = 0; i < list.size; ++i) {
            groups[i / 8] |= std::uint64_t{list.data[i]} << (i % 8 * 8);
        }
        if (count % 64 != 0 && groups.back() >> (count % 64) != 0) {
            ThrowCorrupt("a gram list of a lexicon names a block that does not exist");
        }
        return;
    }
    ByteReader gaps(list);
    for (std::uint64_t next = 0; gaps.remaining() > 0; ++next) {
        next += gaps.Varint32();
        if (next >= count) {
            ThrowCorrupt("a gram list of a lexicon names a block that does not exist");
        }
        groups[next / 64] |= std::uint64_t{1} << (next % 64);
    }
}

std::uint64_t GramReader::CountCandidates() const {
    return CountBits(candidates_.data(), candidates_.size());
}

bool GramReader::NextRun(std::uint32_t chunk, std::uint32_t& begin, std::uint32_t& end) const {
    const std::uint32_t base = chunk * kGramChunkGroups;
    const std::uint32_t count = GroupsOf(chunk);
    const auto is_candidate = [this](std::uint32_t group) {
        return (candidates_[group / 64] >> (group % 64) & 1) != 0;
    };
    std::uint32_t group = end == 0 ? 0 : GroupCount(end, shift_) - base;
    while (group < count && !is_candidate(group)) {
        const std::uint64_t rest = candidates_[group / 64] >> (group % 64);
        group = rest == 0 ? (group / 64 + 1) * 64
                          : group + static_cast<std::uint32_t>(__builtin_ctzll(rest));
    }
    if (group >= count) {
        return false;
    }
    begin = (base + group) << shift_;
    while (group < count && is_candidate(group)) {
        ++group;
    }
    end = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(block_count_, std::uint64_t{base + group} << shift_));
    return true;
}

}  // namespace namedex::core
