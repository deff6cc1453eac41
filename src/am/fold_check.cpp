#include "am/fold_check.hpp"

#include <set>

#include "pg/boundary.hpp"
#include "pg/compat.hpp"
#include "storage/page_log.hpp"

namespace namedex::am {

namespace {

[[noreturn]] void ThrowDrift() {
    core::ThrowVersionMismatch(
        "a stored word no longer folds as it did",
        "The rules by which letters are folded to lower case have changed since the index was "
        "built.");
}

void CheckColumn(core::ColumnReader& column, const core::Folder& folder) {
    std::string original;
    std::string folded;
    std::uint32_t n = 0;
    column.lexicon().Find({}, [&](const core::WordHit& hit) {
        if (++n % 1024 == 0) {
            pg::PollInterrupts();
        }
        original.clear();
        core::AppendOriginal(hit.folded, hit.entry, original);
        folder.Fold(original, folded);
        if (folded != hit.folded) {
            ThrowDrift();
        }
    });
    if (column.header().opaque_count > 0) {
        column.opaque().ForEach([&](std::uint32_t, core::RowOrdinal, std::string_view value,
                                    std::string_view stored) {
            pg::PollInterrupts();
            folder.Fold(value, folded);
            if (folded != stored) {
                ThrowDrift();
            }
        });
    }
}

}  // namespace

void CheckFolds(IndexSnapshot& contents, const IndexKeys& keys) {
    const storage::FoldSignature signature = contents.meta().fold_signature;
    if (!keys.has_text() ||
        (signature == keys.fold_version() && signature != storage::kMixedFolds)) {
        return;
    }
    // Segments found good, by what names their bytes for good (storage/metapage.hpp).
    static std::set<std::pair<std::uint64_t, std::uint32_t>> good;
    for (const std::unique_ptr<OpenSegment>& segment : contents.segments()) {
        const std::pair key(contents.meta().identity, segment->pages.entry().segment_id);
        if (good.count(key) != 0) {
            continue;
        }
        for (std::uint32_t i = 0; i < keys.size(); ++i) {
            CheckColumn(segment->reader.column(i), keys.folder(i));
        }
        segment->reader.Release();
        good.insert(key);
    }
}

void RenewFoldSignature(Relation index) {
    const IndexKeys keys(index);
    const storage::FoldSignature signature = keys.fold_version();
    const storage::FoldSignature stored = pg::Call([&] {
        storage::MetaData meta;
        storage::ReadMeta(index, &meta, nullptr);
        return meta.fold_signature;
    });
    if (signature == storage::kMixedFolds || stored == signature) {
        return;
    }
    IndexSnapshot contents(index, std::pmr::get_default_resource());
    contents.OpenSegments(nullptr);
    try {
        CheckFolds(contents, keys);
    } catch (const core::Error& error) {
        if (error.code() == core::ErrorCode::kVersionMismatch) {
            return;  // for searches to tell
        }
        throw;
    }
    pg::Call([&] {
        Buffer buffer = ReadBuffer(index, storage::kMetaBlock);
        LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
        storage::PageEdit edit(index);
        Page page = edit.Register(buffer);
        storage::MetaOf(page)->fold_signature = signature;
        storage::SumMeta(page);
        edit.Commit();
        UnlockReleaseBuffer(buffer);
    });
}

}  // namespace namedex::am
