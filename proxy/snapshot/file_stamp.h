// Which version of a file was read: a file that is written again, or exchanged, has another stamp.
//
// Threads: any; both functions wait for the disk. Errors: a sentence that names the file.
#pragma once

#include <cstdint>
#include <string>

namespace switchyard {

struct FileStamp {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = 0, modified_ns = 0, changed_ns = 0;
    bool operator==(const FileStamp&) const = default;
};

bool look_at(const std::string& path, FileStamp& stamp, std::string* why);
// The octets of a file of certificates; one of more than a megabyte is something else.
bool bytes_of(const std::string& path, const FileStamp& stamp, std::string& bytes, std::string* why);

}  // namespace switchyard
