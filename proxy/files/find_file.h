// Finds and opens the file that a path means. Nothing outside the root is opened, whatever links lead there, and
// nothing that is no regular file.
//
// Threads: the pool's; waits for the disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/model/static_files.h"
#include "proxy/net/descriptor.h"

namespace switchyard::files {

struct FoundFile {
    enum class Word : std::uint8_t {
        file,
        folder,   // without its '/' at the end: its client is to ask again with it
        missing,  // or it lies outside
        denied,   // a folder without an index, or what this process may not read
        failed,   // the disk, or descriptors are short
    };
    Word word = Word::missing;
    net::Descriptor fd;
    std::uint64_t size = 0;
    std::int64_t modified_s = 0;  // since 1970
    std::string name;             // below the root, without the ending of its coding
    std::string_view coding;      // of what was compressed beforehand: "br"; empty: it is plain
};

// A coding that the client takes, and how such files end.
struct Precompressed {
    std::string_view coding, ending;
};

// `path`: of file_path(). `codings`: the best first.
FoundFile find_file(const config::StaticFiles& where, const std::string& path,
                    const std::vector<Precompressed>& codings);

}  // namespace switchyard::files
