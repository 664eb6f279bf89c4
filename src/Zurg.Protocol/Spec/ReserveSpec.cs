namespace Zurg.Protocol;

/// <summary>A host with less free than this gets no new instance; what runs there is left alone.</summary>
public sealed record ReserveSpec(FreeLimit Disk, FreeLimit Memory);

/// <summary>A share, an amount, or (both given) the lesser of the two.</summary>
/// <param name="Percent">Of the whole, 0 to 100.</param>
public sealed record FreeLimit(double? Percent = null, long? Bytes = null);
