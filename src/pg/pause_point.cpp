#include "pg/pause_point.hpp"

namespace namedex::pg {

namespace internal {

char* pause_at = nullptr;

void Pause() {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0x6E646578, 0, 2);  // as pg_advisory_lock(int, int)
    LockAcquire(&tag, ShareLock, false, false);
    LockRelease(&tag, ShareLock, false);
}

}  // namespace internal

void RegisterPauseSetting() {
    DefineCustomStringVariable("namedex.pause_at",
                               "Names a point at which this session waits for an advisory lock.",
                               "For tests of namedex itself.", &internal::pause_at, "", PGC_SUSET,
                               GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE, nullptr, nullptr, nullptr);
}

}  // namespace namedex::pg
