#include "control/core/file_status.h"

namespace switchyard::control {

const char* word(FileStatus::Word word) {
    switch (word) {
        case FileStatus::Word::taken:
            return "taken";
        case FileStatus::Word::conflict:
            return "conflict";
        case FileStatus::Word::invalid:
            return "invalid";
        case FileStatus::Word::refused:
            return "refused";
        case FileStatus::Word::unread:
            return "unread";
    }
    return "taken";
}

FileStatus::Word word_of(const Problem& problem) {
    if (problem.kind == kFileConflict) return FileStatus::Word::conflict;
    if (problem.kind == kFileUnread) return FileStatus::Word::unread;
    return problem.status == 422 ? FileStatus::Word::invalid : FileStatus::Word::refused;
}

}  // namespace switchyard::control
