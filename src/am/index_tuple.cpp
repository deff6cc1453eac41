#include "am/index_tuple.hpp"

#include "pg/boundary.hpp"

namespace namedex::am {

IndexTuple::IndexTuple(Relation index, const IndexKeys& keys, WantedColumns wanted,
                       MemoryContext context)
    : descriptor_(RelationGetDescr(index)), keys_(keys), context_(context) {
    for (std::uint32_t i = 0; i < keys.all_columns(); ++i) {
        if ((wanted >> i & 1) != 0) {
            columns_.emplace_back(i);
        }
    }
    std::fill(std::begin(nulls_), std::end(nulls_), true);
    std::fill(std::begin(values_), std::end(values_), Datum{0});
}

void IndexTuple::ReadFrom(core::SegmentReader& segment) {
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

void IndexTuple::ReadFrom(const core::PendingIndex& pending) {
    Forget();
    pending_ = &pending;
}

void IndexTuple::Forget() {
    pending_ = nullptr;
    for (Column& column : columns_) {
        column.values.reset();
        column.include = nullptr;
    }
}

std::optional<std::string_view> IndexTuple::ValueOf(Column& column, core::RowOrdinal row) {
    if (pending_ != nullptr) {
        if (column.number >= keys_.size()) {
            return pending_->include(column.number - keys_.size()).Value(row);
        }
        const core::PendingColumn& values = pending_->column(column.number);
        return values.IsNull(row)
                   ? std::nullopt
                   : std::optional(values.Value(row, core::TextForm::kOriginal, scratch_));
    }
    if (column.include != nullptr) {
        std::string_view value;
        return column.include->Read(row, value) ? std::optional(value) : std::nullopt;
    }
    return column.values->Load(row) == core::ForwardReader::kNull
               ? std::nullopt
               : std::optional(column.values->Original());
}

void IndexTuple::Set(Column& column, std::optional<std::string_view> value) {
    nulls_[column.number] = !value;
    if (value) {
        values_[column.number] = keys_.Decode(column.number, *value, column.datum);
    }
}

HeapTuple IndexTuple::Form(core::RowOrdinal row) {
    for (Column& column : columns_) {
        Set(column, ValueOf(column, row));
    }
    return Form();
}

HeapTuple IndexTuple::Form(std::string_view encoded) {
    keys_.ReadValues(encoded,
                     [this, next = columns_.begin()](std::uint32_t number,
                                                     std::optional<std::string_view> text) mutable {
                         if (next != columns_.end() && next->number == number) {
                             Set(*next++, text);
                         }
                     });
    return Form();
}

HeapTuple IndexTuple::Form() {
    if (columns_.empty() && tuple_.t_data != nullptr) {
        return &tuple_;  // of NULLs only, as before
    }
    bool has_nulls = false;
    for (int i = 0; i < descriptor_->natts; ++i) {
        has_nulls = has_nulls || nulls_[i];
    }
    const Size header =
        MAXALIGN(SizeofHeapTupleHeader + (has_nulls ? BITMAPLEN(descriptor_->natts) : 0));
    pg::Call([&] {
        const Size data = heap_compute_data_size(descriptor_, values_, nulls_);
        if (room_ < header + data) {
            room_ = (header + data) * 2;
            tuple_.t_data = static_cast<HeapTupleHeader>(
                tuple_.t_data == nullptr ? MemoryContextAllocHuge(context_, room_)
                                         : repalloc_huge(tuple_.t_data, room_));
        }
        memset(tuple_.t_data, 0, header + data);
        tuple_.t_len = static_cast<uint32>(header + data);
        ItemPointerSetInvalid(&tuple_.t_self);
        tuple_.t_tableOid = InvalidOid;
        HeapTupleHeaderSetDatumLength(tuple_.t_data, tuple_.t_len);
        HeapTupleHeaderSetNatts(tuple_.t_data, descriptor_->natts);
        tuple_.t_data->t_hoff = static_cast<uint8>(header);
        heap_fill_tuple(descriptor_, values_, nulls_,
                        reinterpret_cast<char*>(tuple_.t_data) + header, data,
                        &tuple_.t_data->t_infomask, has_nulls ? tuple_.t_data->t_bits : nullptr);
    });
    return &tuple_;
}

}  // namespace namedex::am
