#include "storage/page_layout.hpp"

extern "C" {
#include "port/pg_crc32c.h"
}

namespace namedex::storage {

void InitPage(Page page, PageKind kind, uint32 owner, uint32 sequence) {
    PageInit(page, BLCKSZ, sizeof(PageSpecial));
    PageSpecial* special = SpecialOf(page);
    memset(special, 0, sizeof *special);
    special->owner = owner;
    special->sequence = sequence;
    special->next = InvalidBlockNumber;
    special->kind = static_cast<uint16>(kind);
    special->magic = kPageMagic;
}

const char* WrongWithPage(const char* page, PageKind kind, uint32 owner, uint32 sequence) {
    const auto* header = reinterpret_cast<const PageHeaderData*>(page);
    if (header->pd_upper == 0) {
        return "a page in use is empty";
    }
    if (header->pd_special != BLCKSZ - sizeof(PageSpecial) || header->pd_lower > header->pd_special ||
        header->pd_lower < SizeOfPageHeaderData) {
        return "a page header is damaged";
    }
    const PageSpecial* special = SpecialOf(page);
    if (special->magic != kPageMagic) {
        return "a page is not one of a namedex index";
    }
    if (special->kind != static_cast<uint16>(kind)) {
        return "a page is of another kind than expected";
    }
    if (special->owner != owner) {
        return "a page belongs to something else";
    }
    if (special->sequence != sequence) {
        return "a page has another sequence number than expected";
    }
    return nullptr;
}

uint32 ContentCrc(const char* page, uint32 size) {
    pg_crc32c crc;
    INIT_CRC32C(crc);
    COMP_CRC32C(crc, page + SizeOfPageHeaderData, size);
    FIN_CRC32C(crc);
    return crc;
}

uint32 PageCrc(const char* page) {
    pg_crc32c crc;
    INIT_CRC32C(crc);
    COMP_CRC32C(crc, page + SizeOfPageHeaderData, core::kPagePayload);
    PageSpecial special = *SpecialOf(page);
    special.crc = 0;
    COMP_CRC32C(crc, &special, sizeof special);
    FIN_CRC32C(crc);
    return crc;
}

}  // namespace namedex::storage
