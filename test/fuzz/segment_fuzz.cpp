// Fuzzes everything that reads a segment with damaged ones: no crash, no read outside the pages, no
// error but those that damage may cause, no page left pinned.
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
    // Few rows of everything; two columns and enough words for grams; lists of many blocks.
    static DamageSubject subjects[] = {
        {1, {60, 1, 20, 60}, 5},
        {2, {400, 2, 1500, 400}, 4},
        {3, {1500, 1, 20, 300}, 4},
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
