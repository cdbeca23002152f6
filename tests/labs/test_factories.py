import pytest

from tests import factories


@pytest.mark.django_db
def test_each_factory_makes_a_row_that_passes_its_own_checks() -> None:
    made = [
        factories.UserFactory(),
        factories.CityFactory(),
        factories.StakeholderGroupFactory(),
        factories.LabDayFactory(),
        factories.TrackFactory(),
        factories.RoomFactory(),
        factories.AgendaItemFactory(),
        factories.AppearanceFactory(),
        factories.StaffFactory(),
        factories.DelegateFactory(),
        factories.SeatFactory(),
        factories.AttendanceFactory(),
    ]
    for row in made:
        row.full_clean()
        assert type(row).objects.get(pk=row.pk) == row
