namespace Zurg.Loops;

/// <summary>How much of the past a store keeps by itself; what is older is compacted.</summary>
/// <param name="RevisionsMax">A version overwritten this many revisions ago is forgotten.</param>
/// <param name="BytesMax">Keys and values of overwritten versions; the oldest go first.</param>
public sealed record StoreHistoryLimits(int RevisionsMax = 10_000, long BytesMax = 256L * 1024 * 1024);
