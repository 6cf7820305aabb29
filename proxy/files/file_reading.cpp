#include "proxy/files/file_reading.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>

namespace switchyard::files {

void FileReading::run() {
    try {
        work();
    } catch (const std::exception&) {  // no memory
        if (step_ == Step::find) found_.word = FoundFile::Word::failed;
        size_ = -1;
    }
}

void FileReading::work() {
    if (step_ == Step::find && !abandoned_.load(std::memory_order_acquire))
        found_ = find_file(route_->where, path_, codings_);
    if (step_ == Step::read && !abandoned_.load(std::memory_order_acquire)) {
        if (!block_) block_ = std::make_unique_for_overwrite<char[]>(kBlock);
        do {
            size_ = ::pread(found_.fd.get(), block_.get(), std::min(most_, kBlock), static_cast<off_t>(offset_));
        } while (size_ < 0 && errno == EINTR);
    }
    // Closing may wait for the disk, too.
    if (step_ == Step::close || abandoned_.load(std::memory_order_acquire)) found_.fd = net::Descriptor();
}

}  // namespace switchyard::files
