// Runs a libFuzzer target once over every file of the folders named, without libFuzzer: `make
// check` replays the kept seeds this way with the compiler and sanitizers of the unit tests.
// No file at all is an error, because a replay of nothing would always pass.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int argc, char** argv) {
    size_t file_count = 0;
    for (int i = 1; i < argc; ++i) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
            if (!entry.is_regular_file()) continue;
            std::ifstream file(entry.path(), std::ios::binary);
            const std::vector<char> bytes((std::istreambuf_iterator<char>(file)),
                                          std::istreambuf_iterator<char>());
            // The name first: if the target crashes, it is the last line.
            std::printf("%s (%zu bytes)\n", entry.path().c_str(), bytes.size());
            std::fflush(stdout);
            LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
            ++file_count;
        }
    }
    if (file_count == 0) {
        std::fprintf(stderr, "no seed files in the folders named\n");
        return 1;
    }
    return 0;
}
