namespace Zurg.Protocol;

/// <summary>
/// Who holds a role, under roles/NAME. Every write of the role is guarded by this key's revision (SAFETY.md E1).
/// </summary>
public sealed record RoleRecord(string Owner, Epoch Epoch, DateTimeOffset Since);
