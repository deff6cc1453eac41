#include "storage/metapage.hpp"

#include "pg/boundary.hpp"
#include "pg/compat.hpp"

namespace namedex::storage {

void InitMetaPage(Page page, FoldSignature signature) {
    InitPage(page, PageKind::kMeta, 0, 0);
    MetaData* meta = MetaOf(page);
    memset(meta, 0, sizeof *meta);
    meta->magic = kMetaMagic;
    meta->version = kFormatVersion;
    meta->generation = 1;
    meta->next_segment_id = 1;
    meta->pending = kNoPending;
    meta->sealed = kNoPending;
    meta->fold_signature = signature;
    if (!pg_strong_random(&meta->identity, sizeof meta->identity)) {
        ereport(ERROR,
                (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
    }
    SetUsed(page, sizeof *meta);
}

void CopyMeta(Relation index, Page page, MetaData* meta) {
    const auto* bytes = static_cast<const char*>(page);
    if (const char* problem = WrongWithPage(bytes, PageKind::kMeta, 0, 0)) {
        pg::ReportIndexCorrupted(index, problem, "The page is block 0, the metapage.");
    }
    memcpy(meta, ConstPayloadOf(bytes), sizeof *meta);
    if (meta->magic != kMetaMagic) {
        pg::ReportIndexCorrupted(index, "its metapage has a wrong magic number");
    }
    if (meta->version != kFormatVersion) {
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("index \"%s\" has format version %u, and this version of namedex reads %u",
                        RelationGetRelationName(index), meta->version, kFormatVersion),
                 errhint("REINDEX INDEX %s;",
                         quote_qualified_identifier(
                             get_namespace_name(RelationGetNamespace(index)),
                             RelationGetRelationName(index)))));
    }
    if (meta->segment_count > kMaxSegments) {
        pg::ReportIndexCorrupted(index, "its metapage lists too many segments");
    }
}

void ReadMeta(Relation index, MetaData* meta, Snapshot snapshot) {
    Buffer buffer = ReadBuffer(index, kMetaBlock);
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    if (snapshot != nullptr) {
        compat::CheckSnapshotAge(snapshot, index, BufferGetPage(buffer));
    }
    CopyMeta(index, BufferGetPage(buffer), meta);
    UnlockReleaseBuffer(buffer);
}

}  // namespace namedex::storage
