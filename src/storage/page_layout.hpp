/*
 * What every page of a namedex index looks like.
 *
 *     +-----------------+ 0
 *     | PageHeaderData  | pd_lower = 24 + used, so that a full-page image may drop the hole
 *     +-----------------+ 24
 *     | payload         | `used` bytes
 *     | hole (zero)     |
 *     +-----------------+ 8152
 *     | PageSpecial     | 40 bytes: which segment, which kind, which number, CRC-32C
 *     +-----------------+ 8192
 *
 * Invariants: bytes between pd_lower and pd_upper are zero and carry nothing (full-page images,
 * CREATE DATABASE and SET TABLESPACE drop them). The pages of a segment but for its tombstones
 * never change after the segment is published; their CRC covers payload and special area. A reader
 * checks magic, kind, owner and sequence number of every page it meets, so that a page that
 * belongs to something else is noticed. Free are all-zero pages and those whose owner is gone
 * (storage/metapage.hpp).
 */
#pragma once

#include "core/pages.hpp"
#include "pg/prelude.hpp"

namespace namedex::storage {

enum class PageKind : uint16 {
    kMeta = 1,
    kSegmentRoot = 2,
    kSegmentData = 3,
    kPending = 4,
    kPendingValue = 5,
};

struct PageSpecial {
    uint32 owner;      // the segment or pending chain it belongs to; 0: the metapage
    uint32 sequence;   // page number inside the segment, the chain, or a long pending row
    BlockNumber next;  // pending: the next page of the chain
    uint32 crc;        // CRC-32C of the metapage and of immutable pages; 0 on pending pages
    uint16 kind;
    uint16 flags;
    uint32 reserved[4];
    uint16 unused;
    uint16 magic;
};

inline constexpr uint16 kPageMagic = 0x4E58;

static_assert(BLCKSZ == 8192, "namedex is built for 8 kB blocks");
static_assert(sizeof(PageSpecial) == 40);
static_assert(offsetof(PageSpecial, kind) == 16 && offsetof(PageSpecial, magic) == 38);
static_assert(SizeOfPageHeaderData == 24);
static_assert(core::kPagePayload == BLCKSZ - SizeOfPageHeaderData - sizeof(PageSpecial));

inline PageSpecial* SpecialOf(Page page) {
    return reinterpret_cast<PageSpecial*>(static_cast<char*>(page) + BLCKSZ - sizeof(PageSpecial));
}

inline const PageSpecial* SpecialOf(const char* page) {
    return reinterpret_cast<const PageSpecial*>(page + BLCKSZ - sizeof(PageSpecial));
}

inline char* PayloadOf(Page page) {
    return static_cast<char*>(page) + SizeOfPageHeaderData;
}

inline const uint8* ConstPayloadOf(const char* page) {
    return reinterpret_cast<const uint8*>(page) + SizeOfPageHeaderData;
}

inline uint16 UsedOf(const char* page) {
    return reinterpret_cast<const PageHeaderData*>(page)->pd_lower - SizeOfPageHeaderData;
}

// Payload bytes from here on are zeroed by whoever shrinks it.
inline void SetUsed(Page page, uint32 used) {
    reinterpret_cast<PageHeader>(page)->pd_lower =
        static_cast<LocationIndex>(SizeOfPageHeaderData + used);
}

// Makes `page` an empty page of `kind`.
void InitPage(Page page, PageKind kind, uint32 owner, uint32 sequence);

// Whether the page looks like one of `kind` of that owner; otherwise what is wrong with it.
// Returns null when all is well.
const char* WrongWithPage(const char* page, PageKind kind, uint32 owner, uint32 sequence);

// CRC-32C of an immutable page: payload and special area, less the crc field.
uint32 PageCrc(const char* page);

// CRC-32C of the first `size` bytes of the payload.
uint32 ContentCrc(const char* page, uint32 size);

}  // namespace namedex::storage
