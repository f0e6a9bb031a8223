/* Makes a file with pages of a size: FILE BYTES. Three transactions write the same 20000 entries and a long value. */
#include "lmdb.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int code) {
    if (code != 0) {
        fprintf(stderr, "%s\n", mdb_strerror(code));
        exit(1);
    }
}

int main(int count, char **arguments) {
    static char large[200000];
    MDB_env *environment;
    if (count != 3)
        return 2;
    memset(large, 'x', sizeof large);
    check(mdb_env_create(&environment));
    check(mdb_env_set_pagesize(environment, atoi(arguments[2])));
    check(mdb_env_set_mapsize(environment, 1 << 28));
    check(mdb_env_open(environment, arguments[1], MDB_NOSUBDIR | MDB_NOLOCK, 0644));
    printf("%d\n", mdb_env_get_maxkeysize(environment));
    for (int round = 0; round < 3; round++) {
        MDB_txn *transaction;
        MDB_dbi database;
        check(mdb_txn_begin(environment, NULL, 0, &transaction));
        check(mdb_dbi_open(transaction, NULL, 0, &database));
        for (int number = 0; number < 20000; number++) {
            char text[32];
            MDB_val entry;
            sprintf(text, "key%05d", number * 3 % 20000);
            entry.mv_size = strlen(text);
            entry.mv_data = text;
            check(mdb_put(transaction, database, &entry, &entry, 0));
        }
        MDB_val key = {4, "long"}, value = {sizeof large, large};
        check(mdb_put(transaction, database, &key, &value, 0));
        check(mdb_txn_commit(transaction));
    }
    mdb_env_close(environment);
    return 0;
}
