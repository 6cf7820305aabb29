// Error pages as their files held them last.
//
// What a file holds is no configuration (docs/decisions/0012): a page that cannot be read is no reason to refuse a
// change, a start or a way back. What was read last stays in force; where nothing was read yet, Switchyard's own answer
// serves. Files are read aside (`read`) and put here (`take`).
// Invariants: regular files of at most config::kPageSize; what cannot be used never replaces what is known.
// Threads: control only, but for read(), which is for any and waits for the disk. Owns: the octets; snapshots share
// them. Errors: a sentence that names the file.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/model/forward.h"
#include "proxy/snapshot/file_stamp.h"

namespace switchyard {

class PageShelf {
  public:
    using Text = std::shared_ptr<const std::string>;
    struct Kept {
        FileStamp stamp;
        Text text;            // null: none could be read yet
        std::string trouble;  // why the file as it is now cannot be used; empty: it is in force
    };
    struct Reading {
        bool changed = false;  // else the file is that of `before`
        FileStamp stamp;
        Text text;  // null: cannot be used, see `why`
        std::string why;
    };
    // Of a configuration that is not in force any more so many stay known, for a way back.
    static constexpr std::size_t kSpare = 20;

    static std::set<std::string> files_of(const config::Model& model);
    static Reading read(const std::string& file, const FileStamp& before);
    // True: another text than before is to be put in force.
    bool take(const std::string& file, const Reading& reading);
    // Null: nothing is known of it.
    const Kept* find(const std::string& file) const;
    void keep_for(const config::Model& model);
    // What is to be said of this configuration's pages.
    std::vector<std::string> troubles(const config::Model& model) const;

  private:
    std::map<std::string, Kept> kept_;
};

}  // namespace switchyard
