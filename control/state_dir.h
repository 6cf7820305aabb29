// The state directory: made when missing, held by one process at a time.
//
// Invariants: while the object lives, no other switchyard uses the directory (flock, which dies with the process).
// Threads: control. Errors: say which directory and what to do.
#pragma once

#include <memory>
#include <string>

#include "control/base/result.h"

namespace switchyard::control {

class StateDir {
  public:
    // One that cannot be made or written is open all the same, for reading what there may be: see unwritable().
    static Result<std::unique_ptr<StateDir>> open(const std::string& path);
    // `lock`: as another process holds it, so that there is no moment without.
    static std::unique_ptr<StateDir> inherited(const std::string& path, int lock);
    ~StateDir();
    StateDir(const StateDir&) = delete;
    StateDir& operator=(const StateDir&) = delete;

    // Why it cannot be written; empty: it can.
    const std::string& unwritable() const { return unwritable_; }
    void is_unwritable(std::string why) { unwritable_ = std::move(why); }
    int lock() const { return lock_; }
    const std::string& path() const { return path_; }
    std::string store() const { return path_ + "/switchyard.db"; }
    std::string token() const { return path_ + "/admin.token"; }
    // Where the admin API listens, for the command line: one line, http://host:port.
    std::string address() const { return path_ + "/admin.address"; }

    // Replaced as a whole: a reader sees the old text or the new one.
    static Result<void> write_file(const std::string& path, const std::string& text);

  private:
    StateDir(std::string path, int lock, std::string unwritable)
        : path_(std::move(path)), lock_(lock), unwritable_(std::move(unwritable)) {}
    const std::string path_;
    const int lock_;  // -1: there is nothing to lock
    std::string unwritable_;
};

}  // namespace switchyard::control
