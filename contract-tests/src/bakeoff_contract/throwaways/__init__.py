"""The kinds of database that a throwaway can be; `bakeoff_contract.throwaway` makes one."""
