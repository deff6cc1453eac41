// Fuzzes the reading, checking and merging of INCLUDE columns with damaged segments of them: no
// crash, no read outside the pages, no error but those that damage may cause, no page left pinned.
//
// Input: byte 0 chooses a segment, the rest is a script of changes to its pages
// (reference/segment_damage.hpp).

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "reference/segment_damage.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace namedex::reference;
    // Few rows; blocks of every edge; enough rows for dictionaries. One plain key column each.
    static DamageSubject subjects[] = {
        {1, {60, 1, 2, 2, 12}, 0},
        {2, {500, 1, 2, 2, 10}, 0},
        {31, {6000, 1, 2, 2, 5}, 0},
    };
    if (size < 1 || size > 400) {
        return 0;
    }
    DamageSubject& subject = subjects[data[0] % 3];
    DamagedPages pages(subject.pages);
    pages.Apply(data + 1, size - 1);
    const DamageReport report = Exercise(subject, pages);
    if (!report.fault.empty()) {
        std::fprintf(stderr, "%s\n", report.fault.c_str());
        std::abort();
    }
    return 0;
}
