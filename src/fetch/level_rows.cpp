#include "fetch/level_rows.hpp"

extern "C" {
#include "common/hashfn.h"
}

namespace namedex::fetch {

// ---------------------------------------------------------------- keys

KeyNumbers* KeyNumbers::Make(const Statement& statement, MemoryContext context) {
    auto* made = static_cast<KeyNumbers*>(MemoryContextAllocZero(context, sizeof(KeyNumbers)));
    made->statement_ = &statement;
    made->context_ = context;
    for (int i = 0; i < statement.key_count; ++i) {
        made->values_.columns[i] = new (MemoryContextAlloc(context, sizeof(ContextArray<Datum>)))
            ContextArray<Datum>(context);
    }
    made->Grow();
    return made;
}

bool KeyNumbers::IsAt(uint32 number, const Datum* key) const {
    for (int i = 0; i < statement_->key_count; ++i) {
        const KeyType& type = statement_->keys[i];
        if (!datum_image_eq((*values_.columns[i])[number - 1], key[i], type.by_value,
                            type.length)) {
            return false;
        }
    }
    return true;
}

uint32 KeyNumbers::NumberOf(const Datum* key) {
    uint32 hash = 0;
    for (int i = 0; i < statement_->key_count; ++i) {
        const KeyType& type = statement_->keys[i];
        hash = hash_combine(hash, datum_image_hash(key[i], type.by_value, type.length));
    }
    const Size mask = slot_count_ - 1;
    Size at = hash & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
        const auto number = static_cast<uint32>(slots_[at]);
        if (slots_[at] >> 32 == hash && IsAt(number, key)) return number;
    }
    MemoryContext caller = MemoryContextSwitchTo(context_);
    for (int i = 0; i < statement_->key_count; ++i) {
        const KeyType& type = statement_->keys[i];
        values_.columns[i]->Push(datumCopy(key[i], type.by_value, type.length));
    }
    MemoryContextSwitchTo(caller);
    const auto number = static_cast<uint32>(++values_.count);
    slots_[at] = static_cast<uint64>(hash) << 32 | number;
    if (values_.count * 2 > slot_count_) Grow();
    return number;
}

void KeyNumbers::Grow() {
    constexpr Size kFirst = 64;
    const uint64* old = slots_;
    const Size old_count = slot_count_;
    slot_count_ = old_count == 0 ? kFirst : old_count * 2;
    slots_ = static_cast<uint64*>(MemoryContextAllocExtended(
        context_, slot_count_ * sizeof(uint64), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
    const Size mask = slot_count_ - 1;
    for (Size i = 0; i < old_count; ++i) {
        if (old[i] == 0) continue;
        Size at = old[i] >> 32 & mask;
        while (slots_[at] != 0) at = (at + 1) & mask;
        slots_[at] = old[i];
    }
    if (old != nullptr) pfree(const_cast<uint64*>(old));
}

// ---------------------------------------------------------------- rows

LevelRows::LevelRows(FetchPlan* plan, Level* level, MemoryContext context)
    : plan_(plan),
      level_(level),
      context_(context),
      ordinals_(context),
      text_(context),
      ends_(context),
      embedded_(static_cast<Part*>(MemoryContextAllocZero(
          context, sizeof(Part) * static_cast<Size>(level->embedded_count + 1)))),
      order_(nullptr),
      starts_(nullptr) {
    MemoryContext caller = MemoryContextSwitchTo(context);
    initStringInfo(&row_);
    for (int i = 0; i < level->embedded_count; ++i) {
        Level* below = level->embedded[i].level;
        embedded_[i].keys = KeyNumbers::Make(below->statement, context);
        embedded_[i].numbers = new (palloc(sizeof(ContextArray<uint32>)))
            ContextArray<uint32>(context);
        embedded_[i].rows = Make(plan, below, context);
    }
    MemoryContextSwitchTo(caller);
}

LevelRows* LevelRows::Make(FetchPlan* plan, Level* level, MemoryContext context) {
    return new (MemoryContextAlloc(context, sizeof(LevelRows))) LevelRows(plan, level, context);
}

void LevelRows::Fetch(const KeyValues& keys) {
    MemoryContext caller = MemoryContextSwitchTo(context_);
    RunStatement(plan_, &level_->statement, keys, this);
    SortByOrdinal(keys.count);
    MemoryContextSwitchTo(caller);
    for (int i = 0; i < level_->embedded_count; ++i) {
        embedded_[i].rows->Fetch(embedded_[i].keys->values());
    }
}

void LevelRows::Receive(Size ordinal, Datum* values, bool* nulls) {
    ordinals_.Push(static_cast<uint32>(ordinal));
    resetStringInfo(&row_);
    const Size before = text_.size();
    for (int i = 0; i < level_->member_count; ++i) {
        Member& member = level_->members[i];
        appendBinaryStringInfo(&row_, member.name, member.name_size);
        if (member.column < 0) {
            ends_.Push(before + static_cast<Size>(row_.len));
        } else if (nulls[member.column]) {
            appendStringInfoString(&row_, "null");
        } else {
            AppendJson(&row_, member.json, values[member.column]);
        }
    }
    appendStringInfoString(&row_, level_->member_count == 0 ? "{}" : "}");
    memcpy(text_.Extend(static_cast<Size>(row_.len)), row_.data, static_cast<Size>(row_.len));
    ends_.Push(text_.size());

    for (int i = 0; i < level_->embedded_count; ++i) {
        const Embedded& embedded = level_->embedded[i];
        Datum key[INDEX_MAX_KEYS];
        bool is_null = false;
        for (int k = 0; k < embedded.level->statement.key_count; ++k) {
            key[k] = values[embedded.columns[k]];
            is_null = is_null || nulls[embedded.columns[k]];
        }
        embedded_[i].numbers->Push(is_null ? 0 : embedded_[i].keys->NumberOf(key));
    }
}

// Statements for children come in order; the root's plan may be of any kind.
void LevelRows::SortByOrdinal(Size key_count) {
    const Size size = count();
    starts_ = static_cast<uint32*>(MemoryContextAllocExtended(
        context_, (key_count + 2) * sizeof(uint32), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
    bool in_order = true;
    for (Size row = 0; row < size; ++row) {
        ++starts_[ordinals_[row]];
        in_order = in_order && (row == 0 || ordinals_[row - 1] <= ordinals_[row]);
    }
    uint32 sum = 0;
    for (Size ordinal = 0; ordinal <= key_count + 1; ++ordinal) {
        sum += std::exchange(starts_[ordinal], sum);
    }
    if (in_order) return;
    order_ = static_cast<uint32*>(
        MemoryContextAllocHuge(context_, (size + 1) * sizeof(uint32)));
    for (Size row = 0; row < size; ++row) order_[starts_[ordinals_[row]]++] = static_cast<uint32>(row);
    // Each start has moved on to the next one's.
    for (Size ordinal = key_count + 1; ordinal > 0; --ordinal) {
        starts_[ordinal] = starts_[ordinal - 1];
    }
    starts_[0] = 0;
}

std::pair<Size, Size> LevelRows::RangeOf(Size ordinal) const {
    if (ordinal == 0) return {0, 0};
    return {starts_[ordinal], starts_[ordinal + 1]};
}

std::pair<Size, Size> LevelRows::FirstEmbeddedOf(Size row) const {
    return embedded_[0].rows->RangeOf((*embedded_[0].numbers)[row]);
}

void LevelRows::AppendRow(StringInfo out, Size row) const {
    check_stack_depth();
    const Size pieces = static_cast<Size>(level_->embedded_count) + 1;
    Size begin = row == 0 ? 0 : ends_[row * pieces - 1];
    for (Size piece = 0; piece < pieces; ++piece) {
        const Size end = ends_[row * pieces + piece];
        appendBinaryStringInfo(out, text_.data() + begin, static_cast<int>(end - begin));
        begin = end;
        if (piece + 1 < pieces) AppendEmbedded(out, static_cast<int>(piece), row);
    }
}

void LevelRows::AppendEmbedded(StringInfo out, int at, Size row) const {
    const Part& part = embedded_[at];
    const auto [begin, end] = part.rows->RangeOf((*part.numbers)[row]);
    if (!level_->embedded[at].many) {
        if (begin == end) {
            appendStringInfoString(out, "null");
        } else {
            part.rows->AppendRow(out, part.rows->RowAt(begin));
        }
        return;
    }
    appendStringInfoChar(out, '[');
    for (Size place = begin; place < end; ++place) {
        CHECK_FOR_INTERRUPTS();
        if (place > begin) appendStringInfoChar(out, ',');
        part.rows->AppendRow(out, part.rows->RowAt(place));
    }
    appendStringInfoChar(out, ']');
}

}  // namespace namedex::fetch
