# Read by cpack before it packs. Files that are made at packing would carry the moment otherwise.
if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
    execute_process(COMMAND git log -1 --format=%ct WORKING_DIRECTORY ${CMAKE_CURRENT_LIST_DIR}
                    OUTPUT_VARIABLE moment OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(NOT moment)
        set(moment 0)  # a tree without its history
    endif()
    set(ENV{SOURCE_DATE_EPOCH} ${moment})
endif()
