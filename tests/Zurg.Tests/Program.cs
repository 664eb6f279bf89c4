using Zurg.Tests.Master.Store;

// The test assembly run as a program is a victim: a process of its own for a test to kill.
return args switch
{
    ["store", var directory] => await StoreVictim.RunAsync(directory),
    _ => 2,
};
