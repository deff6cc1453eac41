#include "am/returned_tuple.hpp"

#include "pg/boundary.hpp"

extern "C" {
#include "access/tupmacs.h"
}

namespace namedex::am {

ReturnedTuple::ReturnedTuple(Relation index, const IndexKeys& keys, MemoryContext context)
    : descriptor_(RelationGetDescr(index)),
      keys_(keys),
      context_(context),
      // There is always a bitmap of NULLs.
      header_(MAXALIGN(SizeofHeapTupleHeader + BITMAPLEN(descriptor_->natts))) {
    MakeRoom(1024);
    memset(tuple_.t_data, 0, header_);
    ItemPointerSetInvalid(&tuple_.t_self);
    tuple_.t_tableOid = InvalidOid;
    HeapTupleHeaderSetNatts(tuple_.t_data, descriptor_->natts);
    tuple_.t_data->t_hoff = static_cast<uint8>(header_);
    for (int i = 0; i < descriptor_->natts; ++i) {
        if (TupleDescAttr(descriptor_, i)->attlen == -1) {
            tuple_.t_data->t_infomask |= HEAP_HASVARWIDTH;
        }
    }
    tuple_.t_data->t_infomask |= HEAP_HASNULL;
}

void ReturnedTuple::Want(WantedColumns wanted) {
    Forget();
    if (wanted == wanted_) {
        return;
    }
    wanted_ = wanted;
    columns_.clear();
    for (std::uint32_t i = 0; i < keys_.all_columns(); ++i) {
        if ((wanted >> i & 1) != 0) {
            columns_.emplace_back(i, *TupleDescAttr(descriptor_, i));
        }
    }
    formed_ = false;
}

void ReturnedTuple::ReadFrom(core::SegmentReader& segment) {
    Forget();
    for (Column& column : columns_) {
        if (column.number < keys_.size()) {
            column.values.emplace(segment.column(column.number));
            continue;
        }
        const std::uint32_t number = column.number - keys_.size();
        if (number >= segment.include_count() ||
            segment.include_type(number) != keys_.include_types()[number]) {
            core::ThrowCorrupt("a segment has INCLUDE columns of other types than the index");
        }
        column.include = &segment.include(number);
    }
}

void ReturnedTuple::ReadFrom(const core::PendingIndex& pending) {
    Forget();
    pending_ = &pending;
}

void ReturnedTuple::Forget() {
    pending_ = nullptr;
    for (Column& column : columns_) {
        column.values.reset();
        column.include = nullptr;
    }
}

// False for NULL.
bool ReturnedTuple::ReadValue(Column& column, core::RowOrdinal row, std::string_view& value) {
    if (column.include != nullptr) {
        return column.include->Read(row, value);
    }
    if (column.values) {
        return column.values->Read(row, value);
    }
    if (column.number >= keys_.size()) {
        const std::optional<std::string_view> bytes =
            pending_->include(column.number - keys_.size()).Value(row);
        value = bytes.value_or(std::string_view());
        return bytes.has_value();
    }
    const core::PendingColumn& values = pending_->column(column.number);
    if (values.IsNull(row)) {
        return false;
    }
    value = values.Value(row, core::TextForm::kOriginal, scratch_);
    return true;
}

HeapTuple ReturnedTuple::Form(core::RowOrdinal row) {
    if (columns_.empty() && formed_) {
        return &tuple_;  // of NULLs only, as before
    }
    Begin();
    for (Column& column : columns_) {
        std::string_view value;
        std::int64_t number;
        if (column.include != nullptr && column.by_value) {
            if (column.include->ReadNumber(row, number)) {
                SetNotNull(column);
                AppendByValue(column, static_cast<Datum>(number));
            }
        } else if (ReadValue(column, row, value)) {
            Append(column, value);
        }
    }
    return End();
}

HeapTuple ReturnedTuple::Form(std::string_view encoded) {
    Begin();
    keys_.ReadValues(
        encoded, [this, next = columns_.begin()](std::uint32_t number,
                                                 std::optional<std::string_view> value) mutable {
            if (next != columns_.end() && next->number == number) {
                if (value) {
                    Append(*next, *value);
                }
                ++next;
            }
        });
    return End();
}

// ---------------------------------------------------------------- a tuple, value by value

void ReturnedTuple::Begin() {
    memset(tuple_.t_data->t_bits, 0, static_cast<Size>(BITMAPLEN(descriptor_->natts)));
    used_ = header_;
}

void ReturnedTuple::MakeRoom(Size size) {
    pg::Call([&] {
        tuple_.t_data = static_cast<HeapTupleHeader>(tuple_.t_data == nullptr
                                                         ? MemoryContextAllocHuge(context_, size)
                                                         : repalloc_huge(tuple_.t_data, size));
    });
    room_ = size;
}

// Where the column's value of that many bytes goes, aligned; what is skipped is zero.
char* ReturnedTuple::Place(const Column& column, Size size) {
    const Size at = att_align_nominal(used_, column.align);
    if (at + size > room_) {
        MakeRoom((at + size) * 2);
    }
    char* const data = reinterpret_cast<char*>(tuple_.t_data);
    memset(data + used_, 0, at - used_);
    used_ = at + size;
    return data + at;
}

void ReturnedTuple::AppendVarlena(const Column& column, std::string_view contents) {
    const Size short_size = contents.size() + VARHDRSZ_SHORT;
    if (column.may_be_short && short_size <= VARATT_SHORT_MAX) {
        if (used_ + short_size > room_) {
            MakeRoom((used_ + short_size) * 2);
        }
        char* const to = reinterpret_cast<char*>(tuple_.t_data) + used_;
        SET_VARSIZE_SHORT(to, short_size);
        memcpy(to + VARHDRSZ_SHORT, contents.data(), contents.size());
        used_ += short_size;
    } else {
        char* const to = Place(column, contents.size() + VARHDRSZ);
        SET_VARSIZE(to, contents.size() + VARHDRSZ);
        memcpy(to + VARHDRSZ, contents.data(), contents.size());
    }
}

void ReturnedTuple::AppendByValue(const Column& column, Datum value) {
    char* const to = Place(column, static_cast<Size>(column.length));
    store_att_byval(to, value, column.length);
}

void ReturnedTuple::SetNotNull(const Column& column) {
    tuple_.t_data->t_bits[column.number / 8] |= static_cast<bits8>(1 << column.number % 8);
}

void ReturnedTuple::Append(const Column& column, std::string_view value) {
    SetNotNull(column);
    if (column.length == -1) {
        AppendVarlena(column, value);
        return;
    }
    const Datum datum = keys_.Decode(column.number, value, datum_);
    if (column.by_value) {
        AppendByValue(column, datum);
    } else {
        memcpy(Place(column, datum_.size()), datum_.data(), datum_.size());
    }
}

HeapTuple ReturnedTuple::End() {
    tuple_.t_len = static_cast<uint32>(used_);
    formed_ = true;
    return &tuple_;
}

}  // namespace namedex::am
