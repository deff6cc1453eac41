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
    meta->next_id = 1;
    meta->fold_signature = signature;
    if (!pg_strong_random(&meta->identity, sizeof meta->identity)) {
        ereport(ERROR,
                (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
    }
    SetUsed(page, sizeof *meta);
    SumMeta(page);
}

void SumMeta(Page page) {
    SpecialOf(page)->crc = ContentCrc(static_cast<const char*>(page), sizeof(MetaData));
}

void WriteMeta(Page page, const MetaData& meta) {
    memcpy(PayloadOf(page), &meta, sizeof meta);
    SumMeta(page);
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
    if (SpecialOf(bytes)->crc != ContentCrc(bytes, sizeof *meta)) {
        pg::ReportIndexCorrupted(index, "its metapage fails its checksum");
    }
    if (meta->segment_count > kMaxSegments || meta->sealed_count > kMaxSealed ||
        meta->parked_count > kMaxParked || meta->reserve_count > kMaxReserve) {
        pg::ReportIndexCorrupted(index, "its metapage lists more than it has room for");
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

PendingChain ReadLane(Relation index, uint32 lane) {
    Buffer buffer = ReadBuffer(index, kMetaBlock);
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    MetaData meta;
    CopyMeta(index, BufferGetPage(buffer), &meta);
    UnlockReleaseBuffer(buffer);
    return meta.lanes[lane];
}

OwnerId TakeId(Relation index, MetaData* meta) {
    if (meta->next_id == PG_UINT32_MAX) {
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("index \"%s\" has given out all ids for its parts",
                               RelationGetRelationName(index)),
                        errhint("REINDEX INDEX %s;",
                                quote_qualified_identifier(
                                    get_namespace_name(RelationGetNamespace(index)),
                                    RelationGetRelationName(index)))));
    }
    return meta->next_id++;
}

bool IsOwner(const MetaData& meta, OwnerId id) {
    bool found = id == 0 || id >= meta.next_id || id == meta.flushing || id == meta.merging;
    for (uint32 i = 0; i < meta.segment_count; ++i) {
        found = found || meta.segments[i].segment_id == id;
    }
    for (uint32 i = 0; i < meta.parked_count; ++i) {
        found = found || meta.parked[i].segment_id == id;
    }
    ForEachChain(meta, [&](const PendingChain& chain) { found = found || chain.id == id; });
    return found;
}

uint32 PendingPages(const MetaData& meta) {
    uint32 pages = 0;
    for (const PendingChain& chain : meta.lanes) {
        pages += chain.pages + chain.value_pages;
    }
    return pages;
}

}  // namespace namedex::storage
